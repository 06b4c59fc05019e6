import type { Database } from '@azure/cosmos';
import { request } from './request.ts';

/** How long a window stays after it was last written, whoever made its container; undefined where it stays for good. */
export async function hotPeriodS(database: Database): Promise<number | undefined> {
  const { resource } = await request('read what the container windows is', (abortSignal) =>
    database.container('windows').read({ abortSignal }),
  );
  const ttlS = resource?.defaultTtl ?? -1;
  return ttlS > 0 ? ttlS : undefined;
}

/**
 * How long a dead letter may be readmitted where windows go after a hot period: half of it, less a day for
 * processing that lags. A reading is at most as old as admission allows (7 days), so the window it belongs to is there for
 * as long, where the hot period is at least twice that.
 */
export function letterPeriodS(hotS: number): number {
  return Math.max(1, Math.floor(hotS / 2) - 86_400);
}
