// The questions and reports of a long period on a lake that is there, in a process of its own: prints bench rows.
import { openLake } from '#analytics/lake/open-lake.ts';
import { runMeasure } from '#analytics/measures/run-measure.ts';
import { listReports } from '#analytics/notebooks/reports.ts';
import { renderReport } from '#apps/report.ts';
import { cityTime } from '#domain/city-time.ts';
import { DAY_MS, type Instant } from '#domain/instant.ts';
import type { BenchRow } from './bench-row.ts';
import { FIRST, yearCity } from './year-lake.ts';

const [directory, sensorsText, daysText, prefix] = process.argv.slice(2) as [string, string, string, string];
const days = Number(daysText);
const lake = yearCity(directory, Number(sensorsText));
const site = lake.registry.history('corridor').find((h) => h.id === lake.corridorId)!.body.sites[0]!.siteId;
const db = await openLake(lake);
const rows: BenchRow[] = [];
const period = { from_at: midnight(0), to_at: midnight(days) };
await questions();
note('memory of the process after the questions, at its highest', peakMb(), 'MB', 1_000);
await reports();
note('memory of the process after the reports, at its highest', peakMb(), 'MB', 1_000);
// Plain SQL comes last: its memory is its own.
await plainSql();
db.closeSync();
console.log(JSON.stringify(rows));

function midnight(day: number): Instant {
  const [year, month, date] = new Date(FIRST + day * DAY_MS)
    .toISOString()
    .slice(0, 10)
    .split('-')
    .map(Number);
  const meaning = cityTime(lake.city.timezone).meaningOf({
    year: year!,
    month: month!,
    day: date!,
    hour: 0,
    minute: 0,
  });
  if (meaning.type !== 'once') throw new Error('a midnight that is not');
  return meaning.at;
}

async function questions(): Promise<void> {
  for (const { name, measure, more, atMost } of asking()) {
    const ask = async () => {
      const answer = await runMeasure(db, measure, { ...period, ...more });
      if (!answer.computable) throw new Error(`${measure}: ${answer.because}`);
      if (answer.rows.length === 0) throw new Error(`${measure} found nothing`);
    };
    note(`${name}, first`, (await timed(ask)).wallMs, 'ms');
    const warm = await several(7, ask);
    note(`${name}, warm`, warm.wallMs, 'ms', atMost);
    note(`${name}, warm, processor time`, warm.cpuMs, 'ms');
  }
}

async function reports(): Promise<void> {
  const at = (day: number) => new Date(FIRST + day * DAY_MS).toISOString().slice(0, 10);
  const parameters = { from: at(0), to: at(days) };
  const paths = new Map((await listReports()).map((report) => [report.name, report.path]));
  for (const [name, more] of Object.entries({
    weekly: {},
    corridor: { corridor: lake.corridorId },
    site: { site },
    bottlenecks: {},
    'sensor-health': {},
    'annual-volumes': {},
    'before-after': { treated: site },
  })) {
    const render = async () => {
      const { errors } = await renderReport({
        connection: db,
        city: lake.city,
        path: paths.get(name)!,
        parameters: { ...parameters, ...more },
      });
      if (errors.length > 0) throw new Error(`report ${name}: ${JSON.stringify(errors)}`);
    };
    const { wallMs, cpuMs } = await timed(render);
    note(`report ${name}`, wallMs / 1_000, 's', 5);
    note(`report ${name}, processor time`, cpuMs / 1_000, 's');
  }
}

async function plainSql(): Promise<void> {
  for (const { name, plain } of asking()) {
    const { wallMs } = await timed(async () => {
      await db.run(plain);
    });
    note(`${name}, plain DuckDB SQL on the windows`, wallMs, 'ms');
  }
}

/** The plain SQL has neither needs, shares, references by rule nor streams: the least that could be asked. */
function asking(): { name: string; measure: string; more: object; plain: string; atMost: number }[] {
  const speed = 'sum(pace_count) * 3.6e9 / nullif(sum(pace_micro_s), 0)';
  const local = `timezone('${lake.city.timezone}', start_at)`;
  const lengths =
    'SELECT site_id, any_value((gap_before_km + gap_after_km) / 2) AS km FROM corridor_sites GROUP BY 1';
  return [
    {
      name: 'a corridor by hour of the week',
      measure: 'speed-by-hour-of-week',
      more: { corridor_id: lake.corridorId },
      plain: `SELECT dayofweek(${local}), hour(${local}), ${speed} FROM windows
        WHERE site_id IN (SELECT site_id FROM corridors WHERE corridor_id = '${lake.corridorId}') GROUP BY 1, 2`,
      atMost: 100,
    },
    {
      name: 'network VKT by month',
      measure: 'vkt',
      more: { by: 'month' },
      plain: `SELECT date_trunc('month', ${local}), sum(count * km) FROM windows JOIN (${lengths}) USING (site_id) GROUP BY 1`,
      atMost: 500,
    },
    {
      name: 'network delay by month',
      measure: 'delay',
      more: { by: 'month' },
      plain: `SELECT date_trunc('month', ${local}), sum(greatest(0, pace_micro_s / 3.6e9 - count / 100) * km)
        FROM windows JOIN (${lengths}) USING (site_id) GROUP BY 1`,
      atMost: 500,
    },
    {
      name: 'worst 20 bottlenecks',
      measure: 'bottlenecks',
      more: { top: 20 },
      plain: `WITH s AS (SELECT c.corridor_id, c.position, w.start_at, ${speed} AS v
          FROM windows w JOIN corridors c USING (site_id) GROUP BY ALL)
        SELECT corridor_id, position, count(*) AS n FROM (
          SELECT *, lead(v) OVER (PARTITION BY corridor_id, start_at ORDER BY position) AS next FROM s)
        WHERE v < 64 AND next - v > 32 GROUP BY 1, 2 ORDER BY n DESC LIMIT 20`,
      atMost: 500,
    },
    {
      name: 'travel time index of the network',
      measure: 'travel-time-index',
      more: {},
      plain: `SELECT hour(${local}), sum(pace_micro_s) / sum(pace_count) FROM windows GROUP BY 1`,
      atMost: 500,
    },
  ];
}

interface Spent {
  wallMs: number;
  cpuMs: number;
}

async function timed(work: () => Promise<void>): Promise<Spent> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  await work();
  const wallMs = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  return { wallMs, cpuMs: (user + system) / 1_000 };
}

async function several(times: number, work: () => Promise<void>): Promise<Spent> {
  const all: Spent[] = [];
  for (let i = 0; i < times; i++) all.push(await timed(work));
  const middle = (of: keyof Spent) => all.map((one) => one[of]).sort((a, b) => a - b)[Math.floor(times / 2)]!;
  return { wallMs: middle('wallMs'), cpuMs: middle('cpuMs') };
}

function note(name: string, value: number, unit: string, atMost?: number): void {
  console.error(`  ${name}: ${value.toFixed(value < 100 ? 2 : 0)} ${unit}`);
  rows.push({ name: `${prefix}: ${name}`, value, unit, ...(atMost === undefined ? {} : { atMost }) });
}

function peakMb(): number {
  return process.resourceUsage().maxRSS / 1_024;
}
