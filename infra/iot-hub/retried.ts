import { setTimeout as delay } from 'node:timers/promises';

const TRIES = 6;
const FIRST_WAIT_MS = 500;
/** What the SDK calls an answer of 429, 500, 503 or 504. */
const passing = new Set([
  'ThrottlingError',
  'InternalServerError',
  'ServiceUnavailableError',
  'GatewayTimeoutError',
]);

/** Once more, and slower, where the hub says that it is busy. @throws the last error. */
export async function retried<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 1, waitMs = FIRST_WAIT_MS; ; tries++, waitMs *= 2) {
    try {
      return await call();
    } catch (error) {
      if (tries === TRIES || !passing.has((error as Error).name)) throw error;
      await delay(waitMs);
    }
  }
}
