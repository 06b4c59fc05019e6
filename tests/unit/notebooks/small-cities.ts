import type { DuckDBConnection } from '@duckdb/node-api';
import { emptyLake } from './lake-tables.ts';

const city = { name: 'Kleinstadt', timezone: 'Europe/Berlin' };

/**
 * Two days (Monday 4 and Tuesday 5 March 2024, city time) of 5-minute windows at three sites on one corridor, 2 km
 * apart. Speeds are 100 km/h, but 50 at the middle site on Monday from 07:00 to 09:00.
 */
export async function speedCity(): Promise<DuckDBConnection> {
  const db = await emptyLake(city);
  await addSites(db, 300);
  await db.run(`
    INSERT INTO corridors BY NAME
      SELECT 'ring' AS corridor_id, 'Ring road' AS name, 'Ring' AS road, n AS position, 's' || n AS site_id,
        2.0 * (n - 1) AS km
      FROM range(1, 4) r(n);
    INSERT INTO windows BY NAME
      SELECT 'traffic-flow' AS kind, 'd' || n AS device_id, 's' || n AS site_id, t.at_ AS start_at, 300 AS window_s,
        5 AS readings, 300 AS observed_s, 300 AS speed_s, 300 AS expected_s,
        300 * CASE WHEN n = 2 AND at_ >= '2024-03-04 06:00:00+00' AND at_ < '2024-03-04 08:00:00+00' THEN 50000 ELSE 100000 END
          AS speed_milli_s
      FROM range(1, 4) r(n), range(TIMESTAMPTZ '2024-03-03 23:00:00+00', TIMESTAMPTZ '2024-03-05 23:00:00+00',
        INTERVAL 5 minute) t(at_);`);
  await addLedger(db);
  return db;
}

/** The same days and sites, quarter hours, 10 vehicles in each and 40 from 17:00 to 18:00; no speeds. */
export async function volumeCity(): Promise<DuckDBConnection> {
  const db = await emptyLake(city);
  await addSites(db, 900);
  await db.run(`
    INSERT INTO windows BY NAME
      SELECT 'traffic-flow' AS kind, 'd' || n AS device_id, 's' || n AS site_id, t.at_ AS start_at, 900 AS window_s,
        1 AS readings, 900 AS observed_s, 900 AS count_s, 900 AS expected_s,
        CASE WHEN hour(city_time(at_)) = 17 THEN 40 ELSE 10 END AS count
      FROM range(1, 4) r(n), range(TIMESTAMPTZ '2024-03-03 23:00:00+00', TIMESTAMPTZ '2024-03-05 23:00:00+00',
        INTERVAL 15 minute) t(at_);`);
  await addLedger(db);
  return db;
}

/** Three controllers that promise nothing; channel 2 of each is actuated 12 times in five minutes of Monday 08:00. */
export async function signalCity(): Promise<DuckDBConnection> {
  const db = await emptyLake(city);
  await addSites(db, null);
  await db.run(`
    INSERT INTO windows BY NAME
      SELECT 'signal-event' AS kind, 'd' || n AS device_id, 's' || n AS site_id, 2 AS lane,
        TIMESTAMPTZ '2024-03-04 07:00:00+00' AS start_at, 300 AS window_s, 24 AS readings, 0 AS observed_s, 12 AS count
      FROM range(1, 4) r(n);`);
  await addLedger(db);
  return db;
}

async function addSites(db: DuckDBConnection, periodS: number | null): Promise<void> {
  await db.run(`
    INSERT INTO sites BY NAME
      SELECT 's' || n AS site_id, 'Gate ' || n || ' <east>' AS name, 52.5 AS lat, 13.3 + 0.03 * n AS lon, 'Ring' AS road
      FROM range(1, 4) r(n);
    INSERT INTO devices BY NAME SELECT 'd' || n AS device_id, 'recording:klein' AS domain FROM range(1, 4) r(n);
    INSERT INTO installations BY NAME
      SELECT 'd' || n AS device_id, 's' || n AS site_id, ${periodS} AS period_s FROM range(1, 4) r(n);`);
}

/** 1,000 counted, 20 duplicate, 3 restated, 5 rejected and, without a trusted time, 7 quarantined and 2 rejected. */
async function addLedger(db: DuckDBConnection): Promise<void> {
  await db.run(`
    INSERT INTO archive BY NAME SELECT 0 AS "partition", 0 AS position, TIMESTAMPTZ '2024-03-05 23:00:00+00' AS received_at;
    INSERT INTO ledger
      SELECT 0, 'd1', TIMESTAMPTZ '2024-03-04 08:00:00+00', TIMESTAMPTZ '2024-03-04 08:00:00+00', outcome, reason, readings, late
      FROM (VALUES ('counted', '', 1000, 4), ('duplicate', '', 20, 0), ('restated', '', 3, 0), ('rejected', 'schema', 5, 0))
        v(outcome, reason, readings, late);
    INSERT INTO ledger VALUES
      (0, 'd1', '2024-03-04 08:00:00+00', NULL, 'quarantined', 'ahead', 7, 0),
      (0, 'd2', '2024-03-04 09:00:00+00', NULL, 'rejected', 'not-json', 2, 0),
      (0, 'd2', '2024-03-09 09:00:00+00', NULL, 'rejected', 'not-json', 11, 0),
      (0, 'd1', '2024-03-06 09:00:00+00', '2024-03-06 08:00:00+00', 'counted', '', 500, 0);`);
}
