import { setTimeout as sleep } from 'node:timers/promises';
import type { Registry } from '#domain/registry/registry.ts';
import { type Store, StoreUnavailable } from '#domain/store.ts';

const RETRY_FROM_MS = 500;
const RETRY_AT_MOST_MS = 15_000;

/**
 * A full disk, a locked store, an endpoint out of reach are waited out: what was acknowledged is in the log, and stays
 * there. Once `signal` has aborted, nothing is waited for any more.
 */
export function waitingOut(onUnavailable: (error: StoreUnavailable) => void, signal: AbortSignal) {
  return async <T>(work: () => Promise<T>): Promise<T> => {
    for (let waitMs = RETRY_FROM_MS; ; waitMs = Math.min(2 * waitMs, RETRY_AT_MOST_MS)) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof StoreUnavailable) || signal.aborted) throw error;
        onUnavailable(error);
        await sleep(waitMs, undefined, { signal }).catch(() => {});
      }
    }
  };
}

type WaitOut = ReturnType<typeof waitingOut>;

export function patientStore(store: Store, waitOut: WaitOut): Store {
  return {
    checkpoint: (partition) => waitOut(() => store.checkpoint(partition)),
    loadState: (partition) => waitOut(() => store.loadState(partition)),
    loadWindows: (partition, keys) => waitOut(() => store.loadWindows(partition, keys)),
    loadLedger: (partition, keys) => waitOut(() => store.loadLedger(partition, keys)),
    loadOutcomes: (partition, position) => waitOut(() => store.loadOutcomes(partition, position)),
    loadDeadLetters: (partition, position) => waitOut(() => store.loadDeadLetters(partition, position)),
    commit: (commit) => waitOut(() => store.commit(commit)),
  };
}

export function patientRegistry(registry: Registry, waitOut: WaitOut): Registry {
  return {
    change: (changes) => waitOut(() => registry.change(changes)),
    version: () => waitOut(() => registry.version()),
    view: (version) => waitOut(() => registry.view(version)),
  };
}
