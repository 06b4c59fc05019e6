import { LogUnavailable } from '#domain/log.ts';

/**
 * One append: settled once all its entries are written and the last flush that carries any of them is over. Plain
 * data and functions: there may be hundreds of thousands a second.
 */
export interface Ticket {
  readonly settled: Promise<void>;
  readonly entries: number;
  /** Flushes under way that carry entries of this append. */
  flushes: number;
  /** Every entry has found its flush. */
  complete: boolean;
  failed: boolean;
  resolve: () => void;
  reject: (error: LogUnavailable) => void;
}

export function appendTicket(entries: number): Ticket {
  let resolve!: () => void;
  let reject!: (error: LogUnavailable) => void;
  const settled = new Promise<void>((onDone, onFail) => {
    resolve = onDone;
    reject = onFail;
  });
  return { settled, entries, flushes: 0, complete: false, failed: false, resolve, reject };
}

export function leaveFlush(ticket: Ticket): void {
  ticket.flushes -= 1;
  if (ticket.complete && ticket.flushes === 0 && !ticket.failed) ticket.resolve();
}

export function completeTicket(ticket: Ticket): void {
  ticket.complete = true;
  if (ticket.flushes === 0 && !ticket.failed) ticket.resolve();
}

export function failTicket(ticket: Ticket, cause: unknown): void {
  ticket.failed = true;
  const reason = cause instanceof Error ? cause.message : String(cause);
  ticket.reject(new LogUnavailable(`could not append ${ticket.entries} records: ${reason}`, { cause }));
}
