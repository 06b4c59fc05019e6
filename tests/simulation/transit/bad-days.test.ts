import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFeedQualityViews } from '#analytics/feed-quality/feed-quality-views.ts';
import { rowsOf } from '#analytics/measures/rows.ts';
import { matchDate } from '#analytics/transit/match-date.ts';
import { HOUR_MS, MINUTE_MS } from '#domain/instant.ts';
import { removeTemporaryFolders, temporaryFolder } from '../../unit/gtfs/small-feed.ts';
import { logReadings, simulatedBuses, trueVisits } from './simulated-transit-lake.ts';

afterAll(removeTemporaryFolders);

const matchedVisits = `SELECT trip_id || '/' || position AS key, vehicle_id, counts, epoch_ms(arrival_at)::DOUBLE AS arrival_ms,
  epoch_ms(departure_at)::DOUBLE AS departure_ms FROM matched_visits WHERE relationship = 'scheduled'`;

describe('an hour in which much goes wrong', () => {
  const date = '2026-10-06';
  const buses = simulatedBuses(date);
  const truth = trueVisits(buses.day);
  const from = buses.day.dayStartAt + 9 * HOUR_MS;
  const out = buses.day.runs.filter(
    (r) =>
      r.fate === 'run' && r.startAt > from && r.visits.at(-1)!.arrivalAt < from + HOUR_MS - 2 * MINUTE_MS,
  );
  /** Of route 2 the first, of route 3 the second, and so on: no two of one vehicle. */
  const [borrowed, borrower, behind, torn, frozen] = [...Map.groupBy(out, (r) => r.vehicleId).values()]
    .map((runs) => runs[0]!)
    .slice(0, 5) as [(typeof out)[0], (typeof out)[0], (typeof out)[0], (typeof out)[0], (typeof out)[0]];
  const bad = new Set([borrower, behind, torn, frozen].map((r) => r.vehicleId));
  const tripOf = (run: (typeof out)[0]) => run.trip.tripId;
  let db: DuckDBConnection;

  beforeAll(async () => {
    db = await buses.lake();
    await logReadings(db, temporaryFolder(), buses.reports(20, { from, to: from + HOUR_MS }));
    await db.run(`
      -- The driver of one signs on to the trip of another.
      UPDATE readings SET trip_id = '${tripOf(borrowed)}' WHERE vehicle_id = '${borrower.vehicleId}' AND trip_id = '${tripOf(borrower)}';
      -- A clock is an hour behind.
      UPDATE readings SET observed_at = observed_at - INTERVAL 1 HOUR WHERE vehicle_id = '${behind.vehicleId}';
      -- A vehicle says two trips at once.
      INSERT INTO readings BY NAME SELECT * REPLACE ('${tripOf(frozen)}' AS trip_id, 'other' AS event)
        FROM readings WHERE vehicle_id = '${torn.vehicleId}' AND kind = 'vehicle-position' AND trip_id = '${tripOf(torn)}';
      -- A receiver keeps the place it had, though the vehicle drives on; its feed sends the same for the whole hour.
      UPDATE readings SET lat = f.lat, lon = f.lon FROM (SELECT min_by(lat, observed_at) AS lat, min_by(lon, observed_at) AS lon
        FROM readings WHERE vehicle_id = '${frozen.vehicleId}' AND lat IS NOT NULL) f
        WHERE vehicle_id = '${frozen.vehicleId}' AND readings.lat IS NOT NULL;
      INSERT INTO readings BY NAME SELECT 'frozen-feed' AS device_id, 'feed-status' AS kind, 'counted' AS outcome, 1 AS partition, i AS position,
        0 AS index, make_timestamptz(${from} * 1000) + to_minutes(i) AS observed_at, make_timestamptz(${from} * 1000) + to_minutes(i) AS received_at,
        '${new Date(from).toISOString()}' AS header_at, 10 AS heard, 10 AS used FROM range(60) t(i);`);
    await matchDate(db, date, buses.city.timezone);
    await db.run('INSERT INTO trips_performed BY NAME FROM matched_trips');
    await createFeedQualityViews(db);
  });
  afterAll(() => db.closeSync());

  it('names each fault, and the vehicle', async () => {
    const found = await rowsOf(
      db,
      `SELECT rule, vehicle_id, string_agg(detail, '; ') AS detail, sum(found)::INTEGER AS n FROM feed_findings GROUP BY 1, 2 ORDER BY 1, 2`,
    );
    const of = (rule: string, vehicleId: string | null) =>
      found.find((f) => f.rule === rule && f.vehicle_id === vehicleId);
    expect(of('two-vehicles-on-one-trip', null)?.detail).toContain(tripOf(borrowed));
    expect(of('one-vehicle-on-two-trips', torn.vehicleId)?.detail).toContain(tripOf(torn));
    expect(of('clock-behind', behind.vehicleId)?.detail).toContain('3601 s old');
    expect(of('frozen-vehicle', frozen.vehicleId)).toBeDefined();
    expect(of('frozen-feed', null)?.n).toBe(59);
    const named = new Set(found.filter((f) => f.vehicle_id !== null).map((f) => f.vehicle_id));
    expect([...named].filter((id) => !bad.has(id as string))).toEqual([]);
  });

  it('counts one vehicle a trip: the one that drove it', async () => {
    const rows = await rowsOf(
      db,
      `SELECT vehicle_id, counts FROM matched_trips WHERE trip_id = '${tripOf(borrowed)}' ORDER BY counts`,
    );
    expect(rows).toEqual([
      { vehicle_id: borrower.vehicleId, counts: false },
      { vehicle_id: borrowed.vehicleId, counts: true },
    ]);
    const [twofold] = await rowsOf(
      db,
      `SELECT interleaved FROM matched_trips WHERE vehicle_id = '${torn.vehicleId}' AND trip_id = '${tripOf(torn)}'`,
    );
    expect(twofold).toEqual({ interleaved: true });
  });

  it('takes nothing for true that the clock behind told', async () => {
    const [told] = await rowsOf(
      db,
      `SELECT sum(clock_behind)::INTEGER AS left_out, sum(observations)::INTEGER AS observations, sum(stops_visited)::INTEGER AS visits
       FROM matched_trips WHERE vehicle_id = '${behind.vehicleId}'`,
    );
    expect(told).toMatchObject({ observations: 0, visits: 0 });
    expect(told!.left_out).toBeGreaterThan(100);
    const others = await rowsOf(db, 'SELECT DISTINCT vehicle_id FROM matched_trips WHERE clock_behind > 0');
    expect(others).toEqual([{ vehicle_id: behind.vehicleId }]);
  });

  it('leaves all others as they truly went', async () => {
    const seen = await rowsOf(db, matchedVisits);
    const byKey = new Map(seen.filter((s) => s.counts).map((s) => [s.key, s]));
    let visits = 0;
    for (const run of out) {
      if (bad.has(run.vehicleId)) continue;
      for (const visit of run.visits) {
        const s = byKey.get(`${tripOf(run)}/${visit.position}`);
        expect([tripOf(run), visit.position, s?.vehicle_id]).toEqual([
          tripOf(run),
          visit.position,
          run.vehicleId,
        ]);
        const told = (s!.arrival_ms ?? s!.departure_ms) as number;
        const true_ = s!.arrival_ms === null ? visit.departureAt : visit.arrivalAt;
        expect(Math.abs(told - true_)).toBeLessThan(60_000);
        visits += 1;
      }
    }
    expect(visits).toBeGreaterThan(200);
    expect(truth.size).toBeGreaterThan(visits);
  });
});

describe.each([
  ['goes back', '2026-10-24', '2026-10-25T00:00:00Z'],
  ['goes forward', '2026-03-28', '2026-03-29T00:00:00Z'],
])('the night in which the clock %s', (_, date, midnightUtc) => {
  it('has every visit of its evening on its own service date, at the right time of the timetable', async () => {
    const buses = simulatedBuses(date);
    const db = await buses.lake();
    const from = Date.parse(midnightUtc) - 2 * HOUR_MS;
    await logReadings(db, temporaryFolder(), buses.reports(30, { from, to: from + 5 * HOUR_MS }));
    await matchDate(db, date, buses.city.timezone);
    const truth = trueVisits(buses.day);
    const seen = await rowsOf(
      db,
      `SELECT trip_id, trip_id || '/' || position AS key, date, epoch_ms(coalesce(departure_at, arrival_at))::DOUBLE AS at,
        epoch_ms(scheduled_departure_at)::DOUBLE AS due FROM matched_visits WHERE route_id = '2'`,
    );
    expect(seen.length).toBeGreaterThan(200);
    for (const s of seen) {
      const { run, visit } = truth.get(s.key as string)!;
      expect(s.date).toBe(date);
      expect(s.due).toBe(buses.day.dayStartAt + run.trip.departureS[visit.position - 1]! * 1_000);
      expect(Math.abs((s.at as number) - (s.due as number))).toBeLessThan(2 * MINUTE_MS);
    }
    const trips = new Set(seen.map((s) => s.trip_id as string));
    const afterMidnight = [...trips].filter((id) => Number(id.slice(-4)) >= 2400);
    expect(afterMidnight.length).toBeGreaterThan(1);
    db.closeSync();
  });
});
