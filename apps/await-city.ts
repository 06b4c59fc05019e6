import { setTimeout as sleep } from 'node:timers/promises';
import { StoreUnavailable } from '#domain/store.ts';
import type { CityState } from './city-state.ts';

const LOOK_EVERY_MS = 1_000;

/** Waits for another process to name the city; resolves without one when the signal aborts. */
export async function awaitCity(
  state: Pick<CityState, 'findCity'>,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  if (await state.findCity?.()) return;
  say(
    'no city is named yet: waiting for the first import, registration or recording to name it, or set city.name and city.timezone (Ctrl-C ends)',
  );
  while (!signal.aborted) {
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
    try {
      if (await state.findCity?.()) return;
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
    }
  }
}
