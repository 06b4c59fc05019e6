import { LogUnavailable } from '#domain/log.ts';

/** One append: settled once all its entries are written and the last flush that carries any of them is over. */
export interface Ticket {
  readonly settled: Promise<void>;
  readonly failed: boolean;
  /** A flush now carries entries of this append. */
  join(): void;
  leave(): void;
  /** Every entry has found its flush. */
  complete(): void;
  fail(cause: unknown): void;
}

export function appendTicket(entries: number): Ticket {
  let flushes = 0;
  let complete = false;
  let failed = false;
  let resolve!: () => void;
  let reject!: (error: LogUnavailable) => void;
  const settled = new Promise<void>((onDone, onFail) => {
    resolve = onDone;
    reject = onFail;
  });
  return {
    settled,
    get failed() {
      return failed;
    },
    join() {
      flushes += 1;
    },
    leave() {
      flushes -= 1;
      if (complete && flushes === 0 && !failed) resolve();
    },
    complete() {
      complete = true;
      if (flushes === 0 && !failed) resolve();
    },
    fail(cause) {
      failed = true;
      const reason = cause instanceof Error ? cause.message : String(cause);
      reject(new LogUnavailable(`could not append ${entries} records: ${reason}`, { cause }));
    },
  };
}
