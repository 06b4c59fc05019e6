import { StoreUnavailable } from '#domain/store.ts';
import { asOutage } from '#infra/azure/outage.ts';

/** Longer than throttling that a second or two mends; shorter than the SDK's two minutes of looking for endpoints. */
const REQUEST_MS = 12_000;

/**
 * Makes one request, which the SDK repeats for a while where it is throttled. @throws StoreUnavailable where that did
 * not help or no answer came; any other failure as it came. `what` says in a few words what could not be done.
 */
export async function request<T>(what: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  // The SDK sleeps between its tries, and hears of a signal only when it wakes.
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      stop.abort();
      reject(new StoreUnavailable(`could not ${what} (Cosmos DB): no answer for ${REQUEST_MS / 1_000} s`));
    }, REQUEST_MS);
  });
  const working = work(stop.signal);
  working.catch(() => {});
  try {
    return await Promise.race([working, late]);
  } catch (error) {
    throw asOutage(error, `${what} (Cosmos DB)`);
  } finally {
    clearTimeout(timer);
  }
}
