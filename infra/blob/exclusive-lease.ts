import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerClient } from '@azure/storage-blob';
import { asOutage } from '#infra/azure/outage.ts';

const LEASE_S = 60;
const RENEW_MS = 20_000;
const ASK_AGAIN_MS = 500;

/**
 * Runs work that one process at a time may do, on whatever machine: a lease on a blob that frees itself a minute after
 * its holder died. `undefined` where it stayed taken for `waitMs`. @throws StoreUnavailable
 */
export async function withExclusiveLease<T>(
  container: ContainerClient,
  name: string,
  waitMs: number,
  work: () => Promise<T>,
): Promise<{ done: T } | undefined> {
  const blob = container.getBlockBlobClient(name);
  const lease = blob.getBlobLeaseClient();
  const giveUpAt = performance.now() + waitMs;
  for (;;) {
    try {
      await lease.acquireLease(LEASE_S);
      break;
    } catch (error) {
      const { statusCode } = error as { statusCode?: number };
      if (statusCode === 404) await blob.upload('', 0, { conditions: { ifNoneMatch: '*' } }).catch(() => {});
      else if (statusCode !== 409) throw asOutage(error, `lease ${name}`);
      if (performance.now() > giveUpAt) return undefined;
      if (statusCode === 409) await sleep(ASK_AGAIN_MS);
    }
  }
  const renewing = setInterval(() => void lease.renewLease().catch(() => {}), RENEW_MS);
  try {
    return { done: await work() };
  } finally {
    clearInterval(renewing);
    await lease.releaseLease().catch(() => {});
  }
}
