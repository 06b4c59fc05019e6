import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The views that transit measures stand on; they need the lake's macros, `stop_visits`, `trips_performed` and timetables. */
export function transitViewsSql(): string {
  return [
    'transit-dispatch.sql',
    'transit-views.sql',
    'way-views.sql',
    'passenger-views.sql',
    'transit-sums.sql',
    'slow-zone-views.sql',
    'road-views.sql',
  ]
    .map((file) => readFileSync(join(import.meta.dirname, file), 'utf8'))
    .join('\n');
}
