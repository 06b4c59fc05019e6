import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { prepareMeasures } from '#analytics/measures/prepare-measures.ts';

type Cell = string | number | null | readonly (string | number)[];

export interface SmallLake {
  timezone?: string;
  sites?: {
    site: string;
    km?: number;
    lanes?: number;
    limit?: number;
    direction?: string;
    lat?: number;
    lon?: number;
  }[];
  /** Sites with their km, in driving order, by corridor. */
  corridors?: Record<string, [site: string, km: number][]>;
  devices?: {
    device: string;
    site: string;
    domain?: string;
    periodS?: number | null;
    lanes?: number[];
    directions?: string[];
    from?: string;
    to?: string;
  }[];
  windows?: LakeWindow[];
}

/** What one five-minute window (or `windowS`) holds, as a person would say it; speeds are means of the window. */
export interface LakeWindow {
  at: string;
  site?: string;
  device?: string;
  kind?: 'traffic-flow' | 'signal-event';
  direction?: string;
  lane?: number;
  windowS?: number;
  observedS?: number;
  count?: number;
  countS?: number;
  speedKmh?: number;
  occupancy?: number;
}

const ALWAYS = '1970-01-01T00:00:00Z';

/** A prepared in-memory session whose tables have the names and columns of docs/lake.md, and these rows. */
export async function smallLake(lake: SmallLake): Promise<DuckDBConnection> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(`SET TimeZone = 'UTC'; ${tables}`);
  const insert = async (table: string, columns: string, rows: Cell[][]) => {
    const sql = rows.map((row) => `(${row.map(sqlOf).join(', ')})`).join(',\n');
    if (rows.length > 0) await connection.run(`INSERT INTO ${table} (${columns}) VALUES ${sql}`);
  };
  await insert('city', 'name, timezone', [['Testville', lake.timezone ?? 'UTC']]);
  await insert(
    'sites',
    'site_id, name, lat, lon, direction, lanes, speed_limit_kmh, length_km, valid_from, valid_to',
    (lake.sites ?? []).map((s) => [
      s.site,
      `Site ${s.site}`,
      s.lat ?? null,
      s.lon ?? null,
      s.direction ?? null,
      s.lanes ?? null,
      s.limit ?? null,
      s.km ?? null,
      ALWAYS,
      'infinity',
    ]),
  );
  await insert(
    'corridors',
    'corridor_id, position, site_id, km, valid_from, valid_to',
    Object.entries(lake.corridors ?? {}).flatMap(([id, sites]) =>
      sites.map(([site, km], i) => [id, i + 1, site, km, ALWAYS, 'infinity']),
    ),
  );
  const devices = lake.devices ?? [];
  await insert(
    'devices',
    'device_id, domain, role, valid_from, valid_to',
    devices.map((d) => [d.device, d.domain ?? 'recording:test', 'sensor', ALWAYS, 'infinity']),
  );
  await insert(
    'installations',
    'device_id, site_id, period_s, lanes, directions, valid_from, valid_to',
    devices.map((d) => [
      d.device,
      d.site,
      d.periodS === undefined ? 300 : d.periodS,
      d.lanes ?? [],
      d.directions ?? [],
      d.from ?? ALWAYS,
      d.to ?? 'infinity',
    ]),
  );
  await fillWindows(connection, lake.windows ?? []);
  await prepareMeasures(connection);
  return connection;
}

/** Puts these windows, and the hourly table of them, in place of those that were there. */
export async function fillWindows(
  connection: DuckDBConnection,
  windows: readonly LakeWindow[],
): Promise<void> {
  await connection.run('DELETE FROM windows; DELETE FROM hourly;');
  for (let i = 0; i < windows.length; i += 2_000) {
    const rows = windows.slice(i, i + 2_000).map((w) => `(${windowRow(w).map(sqlOf).join(', ')})`);
    await connection.run(`INSERT INTO windows (${windowColumns}) VALUES ${rows.join(',\n')}`);
  }
  await connection.run(`
    INSERT INTO hourly
    SELECT kind, site_id, direction, lane, date_trunc('hour', start_at), count(*), sum(readings), sum(observed_s),
      sum(count), sum(count_s), sum(occupancy_micro_s), sum(occupancy_s), sum(pace_micro_s), sum(pace_count),
      sum(speed_milli_s), sum(speed_s), sum(expected_s)
    FROM windows WHERE window_s <= 3600 GROUP BY ALL`);
}

/** Windows of one length, one after another from a start. */
export function series(start: string, each: readonly Omit<LakeWindow, 'at'>[], windowS = 300): LakeWindow[] {
  const first = Date.parse(start);
  return each.map((window, i) => ({
    ...window,
    windowS,
    at: new Date(first + i * windowS * 1_000).toISOString(),
  }));
}

const windowColumns =
  'kind, device_id, subject, site_id, direction, lane, start_at, window_s, readings, observed_s, count, count_s, ' +
  'occupancy_micro_s, occupancy_s, pace_micro_s, pace_count, speed_milli_s, speed_s, revision, reason';

/** The sums that docs and domain/window.ts define, from the words of the test. */
function windowRow(w: LakeWindow): Cell[] {
  const windowS = w.windowS ?? 300;
  const counted = w.count !== undefined;
  const isEvent = w.kind === 'signal-event';
  const observedS = isEvent ? 0 : (w.observedS ?? windowS);
  const withPace = counted && w.speedKmh !== undefined && w.count! > 0;
  const timed = !counted && w.speedKmh !== undefined;
  return [
    w.kind ?? 'traffic-flow',
    w.device ?? `d-${w.site ?? 'a'}`,
    '',
    w.site ?? 'a',
    w.direction ?? '',
    w.lane ?? 0,
    w.at,
    windowS,
    1,
    observedS,
    w.count ?? null,
    counted && !isEvent ? (w.countS ?? observedS) : 0,
    w.occupancy === undefined ? 0 : Math.round(w.occupancy * 1e6) * observedS,
    w.occupancy === undefined ? 0 : observedS,
    withPace ? Math.round((w.count! * 3.6e9) / w.speedKmh!) : 0,
    withPace ? w.count! : 0,
    timed ? Math.round(w.speedKmh! * 1_000) * observedS : 0,
    timed ? observedS : 0,
    0,
    'published',
  ];
}

function sqlOf(cell: Cell): string {
  if (cell === null) return 'NULL';
  if (typeof cell === 'number') return String(cell);
  if (typeof cell === 'string') return `'${cell.replaceAll("'", "''")}'`;
  return `[${cell.map(sqlOf).join(', ')}]`;
}

const held = 'valid_from TIMESTAMPTZ, valid_to TIMESTAMPTZ';

const tables = `
CREATE TABLE windows (kind VARCHAR, device_id VARCHAR, subject VARCHAR, site_id VARCHAR, direction VARCHAR, lane SMALLINT,
  start_at TIMESTAMPTZ, window_s INTEGER, readings BIGINT, observed_s BIGINT, count BIGINT, count_s BIGINT,
  class_counts MAP(VARCHAR, BIGINT), occupancy_micro_s BIGINT, occupancy_s BIGINT, pace_micro_s BIGINT,
  pace_count BIGINT, speed_milli_s BIGINT, speed_s BIGINT, speed_histogram MAP(SMALLINT, BIGINT),
  histogram_basis VARCHAR, expected_s BIGINT, revision INTEGER, reason VARCHAR);
CREATE TABLE hourly (kind VARCHAR, site_id VARCHAR, direction VARCHAR, lane SMALLINT, hour_at TIMESTAMPTZ,
  windows BIGINT, readings BIGINT, observed_s BIGINT, count BIGINT, count_s BIGINT, occupancy_micro_s BIGINT,
  occupancy_s BIGINT, pace_micro_s BIGINT, pace_count BIGINT, speed_milli_s BIGINT, speed_s BIGINT, expected_s BIGINT);
CREATE TABLE sites (site_id VARCHAR, name VARCHAR, lat DOUBLE, lon DOUBLE, road VARCHAR, direction VARCHAR,
  link_id VARCHAR, lanes INTEGER, speed_limit_kmh DOUBLE, length_km DOUBLE, ${held});
CREATE TABLE links (link_id VARCHAR, name VARCHAR, road VARCHAR, direction VARCHAR, length_km DOUBLE, lanes INTEGER,
  speed_limit_kmh DOUBLE, line JSON, ${held});
CREATE TABLE corridors (corridor_id VARCHAR, name VARCHAR, road VARCHAR, position INTEGER, site_id VARCHAR, km DOUBLE,
  ${held});
CREATE TABLE devices (device_id VARCHAR, domain VARCHAR, role VARCHAR, ${held});
CREATE TABLE installations (device_id VARCHAR, site_id VARCHAR, period_s INTEGER, lanes INTEGER[],
  directions VARCHAR[], ${held});
CREATE TABLE city (name VARCHAR, timezone VARCHAR);
`;
