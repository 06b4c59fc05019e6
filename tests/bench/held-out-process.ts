// Hides values of one day that were truly observed, imputes them, and prints the mean absolute errors as JSON.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { DuckDBConnection } from '@duckdb/node-api';
import { judgeDay, loadHistory } from '#analytics/health/judge-day.ts';
import { imputeDay } from '#analytics/imputation/impute-day.ts';
import { openDataDirectory } from '#apps/data-directory.ts';
import { lakeSession } from '#apps/lake-session.ts';
import { simulatedCity } from '#device-sim/city/simulated-city.ts';
import { DAY_MS } from '#domain/instant.ts';
import { sendSimulatedPast } from '../simulation/pipeline/simulated-past.ts';

export interface HeldOutError {
  hidden: string;
  method: string;
  n: number;
  mae: number;
}

const [directory, sourceText, scale] = process.argv.slice(2) as [string, string, 'full' | 'short'];
const source = JSON.parse(sourceText) as { replay?: string[]; day: string; field: string };
const HISTORY_DAYS = scale === 'full' ? 14 : 8;

/** Each hides a share of the day: windows at random, whole detectors, or whole hours of all detectors. */
const patterns = (scale === 'full' ? [10, 25, 40] : [25]).flatMap((percent) => [
  {
    hidden: `${percent} % at random`,
    where: `hash(device_id, direction, lane, start_at) % 100 < ${percent}`,
  },
  { hidden: `${percent} % of the detectors`, where: `hash(device_id, 7) % 100 < ${percent}` },
  { hidden: `${percent} % of the hours`, where: `hash(date_trunc('hour', start_at), 3) % 100 < ${percent}` },
]);

if (source.replay) {
  const cli = fileURLToPath(new URL('../../apps/cli/main.ts', import.meta.url));
  execFileSync(process.execPath, [cli, 'replay', ...source.replay, '--speed', 'max', '--data', directory], {
    stdio: 'ignore',
  });
}
const data = openDataDirectory(directory);
if (!source.replay) {
  const city = simulatedCity({ seed: 3, sensors: 120 });
  data.setCity(city);
  const to = Date.parse(source.day) + DAY_MS;
  await sendSimulatedPast(data, { city, from: to - (HISTORY_DAYS + 1) * DAY_MS, to, faults: [] });
}
const db = await lakeSession(data);
await db.run(`CREATE TEMP TABLE observed AS SELECT * FROM windows WHERE kind = 'traffic-flow'`);
// Three speeds or more on one straight line are suspected to be no observations: left out. Counts lie so by chance.
await db.run(`
  CREATE TEMP TABLE steps AS
  SELECT device_id, site_id, direction, lane, start_at, truth, hour(wall) * 60 + minute(wall) AS minute,
    coalesce('${source.field}' = 'speed_kmh' AND abs(2 * truth - lag(truth) OVER w - lead(truth) OVER w) < 0.003, false) AS middle
  FROM (
    SELECT *, city_time(start_at) AS wall, ${source.field === 'speed_kmh' ? 'speed_kmh(pace_micro_s, pace_count, speed_milli_s, speed_s)' : 'flow_veh_h(count, count_s)'} AS truth
    FROM observed
  )
  WINDOW w AS (PARTITION BY device_id, site_id, direction, lane ORDER BY start_at);
  CREATE TEMP TABLE lines AS
  SELECT *, middle OR coalesce(lag(middle) OVER s, false) OR coalesce(lead(middle) OVER s, false) AS straight
  FROM steps WINDOW s AS (PARTITION BY device_id, site_id, direction, lane ORDER BY start_at)`);
const firstDay = Date.parse(source.day) - HISTORY_DAYS * DAY_MS;
const dates = Array.from({ length: HISTORY_DAYS }, (_, i) =>
  new Date(firstDay + i * DAY_MS).toISOString().slice(0, 10),
);
await loadHistory(db, dates[0]!);
for (const date of dates) await judgeDay(db, date);
await db.run('CREATE TEMP TABLE history AS SELECT * FROM health_history');
const errors: HeldOutError[] = [];
for (const { hidden, where } of patterns) errors.push(...(await heldOut(db, hidden, where)));
db.closeSync();
data.close();
console.log(JSON.stringify(errors));

async function heldOut(db: DuckDBConnection, hidden: string, where: string): Promise<HeldOutError[]> {
  await db.run(`
    CREATE OR REPLACE TEMP TABLE hidden AS
    SELECT * FROM observed WHERE city_time(start_at)::DATE = DATE '${source.day}' AND ${where};
    CREATE OR REPLACE TEMP TABLE left_over AS
    SELECT * FROM observed ANTI JOIN hidden USING (device_id, site_id, direction, lane, start_at);
    CREATE OR REPLACE TEMP VIEW windows AS FROM left_over;
    CREATE OR REPLACE TEMP TABLE health_history AS FROM history`);
  await judgeDay(db, source.day);
  // What was hidden is no fault of the detector: only the imputation is on trial here.
  await db.run(
    "UPDATE health_verdicts SET verdict = 'healthy' WHERE cause IN ('silent', 'incomplete', 'cabinet-silent', 'feed-silent')",
  );
  await imputeDay(db);
  await db.run(`
    CREATE OR REPLACE TEMP TABLE shown AS
    SELECT l.* FROM lines l JOIN left_over USING (device_id, site_id, direction, lane, start_at);
    CREATE OR REPLACE TEMP TABLE judged AS
    SELECT v.method, v.value, l.truth, l.device_id, l.direction, l.lane, l.start_at, l.minute
    FROM lines l JOIN hidden USING (device_id, site_id, direction, lane, start_at)
    JOIN impute_detectors i USING (device_id, site_id, direction, lane)
    JOIN impute_values v ON v.detector = i.detector AND v.start_s = epoch_ms(l.start_at) // 1000 AND v.field = '${source.field}'
    WHERE NOT l.straight AND l.truth > 0 AND NOT i.bad;
    CREATE OR REPLACE TEMP TABLE by_detector AS
    SELECT device_id, direction, lane, avg(truth) AS mean FROM shown GROUP BY ALL;
    CREATE OR REPLACE TEMP TABLE by_time AS
    SELECT device_id, direction, lane, minute, avg(truth) AS mean FROM shown GROUP BY ALL;
    CREATE OR REPLACE TEMP TABLE by_moment AS SELECT start_at, avg(truth) AS mean FROM shown GROUP BY ALL`);
  const rows = await db.runAndReadAll(`
    SELECT method, count(value)::INTEGER AS n, avg(abs(value - truth)) AS mae FROM judged GROUP BY method
    UNION ALL SELECT 'all methods together', count(value), avg(abs(value - truth)) FROM judged
    UNION ALL SELECT 'naive: mean of the detector', count(*), avg(abs(mean - truth))
      FROM judged JOIN by_detector USING (device_id, direction, lane)
    UNION ALL SELECT 'naive: its mean at that time of day', count(*), avg(abs(mean - truth))
      FROM judged JOIN by_time USING (device_id, direction, lane, minute)
    UNION ALL SELECT 'naive: mean of all others then', count(*), avg(abs(mean - truth))
      FROM judged JOIN by_moment USING (start_at)`);
  return rows
    .getRowObjectsJS()
    .map((row) => ({ hidden, ...(row as Omit<HeldOutError, 'hidden'>), n: Number(row.n) }));
}
