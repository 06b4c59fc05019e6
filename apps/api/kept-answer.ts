/** A look at the store may take a tenth of a thread, and is never repeated within this time. */
const REST = 10;
const FRESH_MS = 2_000;
/** What is older than this is worth waiting for. */
const STALE_MS = 60_000;

/**
 * An answer that is made again when somebody asks and it is no longer fresh. The asker gets the one that is there,
 * unless that is stale; what is made at the same time is made once.
 */
export function keptAnswer<T>(make: () => Promise<T>, nowMs: () => number): () => Promise<T> {
  let kept: { value: T; madeMs: number; tookMs: number } | undefined;
  let making: Promise<T> | undefined;

  const remake = (): Promise<T> => {
    const startedMs = nowMs();
    making ??= make()
      .then((value) => {
        const madeMs = nowMs();
        kept = { value, madeMs, tookMs: madeMs - startedMs };
        return value;
      })
      .finally(() => {
        making = undefined;
      });
    return making;
  };

  return async () => {
    if (!kept) return remake();
    const ageMs = nowMs() - kept.madeMs;
    const freshMs = Math.max(FRESH_MS, REST * kept.tookMs);
    if (ageMs < freshMs) return kept.value;
    const made = remake();
    const isQuick = kept.tookMs < FRESH_MS / 4;
    if (isQuick || ageMs >= Math.max(STALE_MS, 2 * freshMs)) return made;
    made.catch(() => {});
    return kept.value;
  };
}
