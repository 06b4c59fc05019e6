import { DAY_MS, type Instant } from '#domain/instant.ts';
import type { Series } from '#domain/store.ts';
import { figureNames } from '#domain/window.ts';
import { type LakeContext, parquetRows, writeParquet } from './lake-context.ts';

/** Days taken into memory together. */
const DAYS_AT_ONCE = 4;

/** Columns of `windows` that a merge adds up. */
export const additiveColumns = [
  'readings',
  'observed_s',
  'count',
  'count_s',
  'occupancy_micro_s',
  'occupancy_s',
  'pace_micro_s',
  'pace_count',
  'speed_milli_s',
  'speed_s',
  'expected_s',
] as const;

/** Writes anew the files of windows, and their hourly roll-up, of every day in which a window changed. */
export async function exportWindows(context: LakeContext, days: readonly Instant[]): Promise<void> {
  const { db, manifest } = context;
  await db.run(`
    CREATE TEMP TABLE window_texts (start_ms BIGINT, series INTEGER, revision INTEGER, reason VARCHAR, figures VARCHAR);
    CREATE TEMP TABLE series (series INTEGER, device_id VARCHAR, kind VARCHAR, subject VARCHAR, direction VARCHAR,
      lane INTEGER, window_s INTEGER, site_id VARCHAR)`);
  const numbers = new Map<Series, number>();
  for (let i = 0; i < days.length; i += DAYS_AT_ONCE) {
    const together = days.slice(i, i + DAYS_AT_ONCE);
    await load(context, together, numbers);
    for (const day of together) {
      const date = new Date(day).toISOString().slice(0, 10);
      const name = `month=${date.slice(0, 7)}/${date}-g${manifest.generation}.parquet`;
      const path = await writeParquet(context, `windows/${name}`, windowsSql(day));
      manifest.windows[date] = path;
      manifest.hourly[date] = await writeParquet(context, `hourly/${name}`, hourlySql(context, path));
    }
    context.onProgress?.('windows', Math.min(i + DAYS_AT_ONCE, days.length), days.length);
  }
}

async function load(
  { db, source }: LakeContext,
  days: readonly Instant[],
  numbers: Map<Series, number>,
): Promise<void> {
  await db.run('DELETE FROM window_texts');
  const known = numbers.size;
  const appender = await db.createAppender('window_texts');
  for (const day of days) {
    for await (const w of source.windowTexts(day, day + DAY_MS)) {
      let number = numbers.get(w.series);
      if (number === undefined) {
        number = numbers.size;
        numbers.set(w.series, number);
      }
      appender.appendBigInt(BigInt(w.startAt));
      appender.appendInteger(number);
      appender.appendInteger(w.revision);
      appender.appendVarchar(w.reason);
      appender.appendVarchar(w.figures);
      appender.endRow();
    }
  }
  appender.closeSync();
  const names = await db.createAppender('series');
  for (const [s, number] of [...numbers].slice(known)) {
    names.appendInteger(number);
    names.appendVarchar(s.deviceId);
    names.appendVarchar(s.kind);
    names.appendVarchar(s.subject);
    names.appendVarchar(s.direction);
    names.appendInteger(s.lane);
    names.appendInteger(s.windowS);
    names.appendVarchar(s.siteId);
    names.endRow();
  }
  names.closeSync();
}

function windowsSql(day: Instant): string {
  const figure = (name: (typeof figureNames)[number]) => `f[${figureNames.indexOf(name) + 1}]`;
  const whole = (name: (typeof figureNames)[number]) => `TRY_CAST(${figure(name)} AS BIGINT)`;
  return `
    SELECT kind, device_id, subject, site_id, direction, lane,
      make_timestamptz(start_ms * 1000) AS start_at, window_s,
      ${whole('readings')} AS readings, ${whole('observedS')} AS observed_s, ${whole('count')} AS count,
      ${whole('countS')} AS count_s,
      from_json(${figure('classCounts')}, '"MAP(VARCHAR, BIGINT)"') AS class_counts,
      ${whole('occupancyMicroS')} AS occupancy_micro_s, ${whole('occupancyS')} AS occupancy_s,
      ${whole('paceMicroS')} AS pace_micro_s, ${whole('paceCount')} AS pace_count,
      ${whole('speedMilliS')} AS speed_milli_s, ${whole('speedS')} AS speed_s,
      map_from_entries(list_transform(from_json(${figure('speedHistogram')}, '[["BIGINT"]]'), lambda p: {k: p[1]::SMALLINT, v: p[2]})) AS speed_histogram,
      ${figure('histogramBasis')} AS histogram_basis, ${whole('expectedS')} AS expected_s,
      revision, reason
    FROM (SELECT *, from_json(figures, '["VARCHAR"]') AS f FROM window_texts WHERE start_ms >= ${day} AND start_ms < ${day + DAY_MS})
    JOIN (
      -- To sort by two numbers takes half the time.
      SELECT *, dense_rank() OVER (ORDER BY site_id) AS site_no, row_number() OVER (ORDER BY direction, lane, device_id) AS series_no FROM series
    ) USING (series)
    WHERE ${whole('readings')} > 0
    ORDER BY site_no, start_ms, series_no`;
}

function hourlySql({ directory }: LakeContext, windowsPath: string): string {
  const sums = additiveColumns.map((column) => `sum(${column})::BIGINT AS ${column}`);
  return `
    SELECT kind, site_id, direction, lane, date_trunc('hour', start_at) AS hour_at, count(*)::BIGINT AS windows,
      ${sums.join(', ')}
    FROM ${parquetRows(directory, [windowsPath])}
    WHERE window_s <= 3600
    GROUP BY ALL ORDER BY site_id, hour_at, direction, lane`;
}
