import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { IMPUTATION_VERSION } from './impute-day.ts';

/** The lake's table of imputed values, one row a detector, window and field: docs/imputation.md. */
export const imputed = {
  name: 'imputed',
  version: IMPUTATION_VERSION,
  columns: `date DATE, device_id VARCHAR, site_id VARCHAR, direction VARCHAR, lane INTEGER, start_at TIMESTAMPTZ,
    window_s INTEGER, because VARCHAR, field VARCHAR, value DOUBLE, method VARCHAR, donors VARCHAR[], spread DOUBLE`,
} as const;

/** The views that read it beside the windows. */
export function filledWindowsSql(): string {
  return readFileSync(join(import.meta.dirname, 'filled-windows.sql'), 'utf8');
}
