import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';

/** Counts changes of any rule in this folder. */
export const IMPUTATION_VERSION = 1;

/**
 * Fills the gaps of the day that `judgeDay` has just judged in this session. The values are then in the
 * temporary table `impute_values`; `imputedSql` has them as the lake's table `imputed` does (docs/imputation.md).
 */
export async function imputeDay(db: DuckDBConnection): Promise<void> {
  await db.run(sql('targets'));
  const past = await db.runAndReadAll(
    'SELECT DISTINCT date::VARCHAR AS date FROM impute_good_days ORDER BY date',
  );
  for (const [day] of past.getRows()) {
    await db.run(`SET VARIABLE past_date = DATE '${day}'`);
    await db.run(sql('past-day'));
  }
  await db.run(sql('fits'));
  for (const tier of [1, 2, 3]) {
    await db.run(`SET VARIABLE impute_tier = ${tier}`);
    await db.run(sql('tier'));
  }
  await db.run(sql('estimates'));
}

/** The values of `impute_values` as rows of the lake's table `imputed`, in its order. */
export function imputedSql(date: string): string {
  return `
    SELECT DATE '${date}' AS date, d.device_id, d.site_id, d.direction, d.lane,
      make_timestamptz(v.start_s * 1000000) AS start_at, v.window_s::INTEGER AS window_s, v.because, v.field, v.value,
      v.method, v.donors, v.spread
    FROM impute_values v JOIN impute_detectors d USING (detector)
    ORDER BY d.site_id, start_at, d.direction, d.lane, d.device_id, v.field`;
}

function sql(name: 'targets' | 'past-day' | 'fits' | 'tier' | 'estimates'): string {
  return readFileSync(join(import.meta.dirname, `${name}.sql`), 'utf8');
}
