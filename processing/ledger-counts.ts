import { HOUR_MS, hourOf, type Instant } from '#domain/instant.ts';
import type { LedgerRow } from '#domain/ledger.ts';
import { type OutcomeCode, outcomes } from '#domain/outcome.ts';

interface Cell {
  readings: number;
  late: number;
  changed: boolean;
}

/** Absolute counts of one device's readings by hour received, hour observed and outcome. */
export interface LedgerCounts {
  /** Hour of the newest receipt counted; the rows of an older hour have to be loaded before they are added to. */
  newestHour: Instant;
  hours: Map<Instant, Map<number, Cell>>;
  /** The cell that was added to last: nearly always the next one too. */
  last: Cell | undefined;
  lastHour: Instant;
  lastKey: number;
}

export function ledgerCounts(newestHour: Instant): LedgerCounts {
  return { newestHour, hours: new Map(), last: undefined, lastHour: 0, lastKey: 0 };
}

/** Whether rows of this hour may be stored that are not in memory. */
export function mustLoad(counts: LedgerCounts, hourReceived: Instant): boolean {
  if (counts.last && counts.lastHour === hourReceived) return false;
  return hourReceived <= counts.newestHour && !counts.hours.has(hourReceived);
}

/** Puts the stored rows of one hour in place; none is a good answer. */
export function loadHour(counts: LedgerCounts, hourReceived: Instant, rows: readonly LedgerRow[]): void {
  const cells = new Map<number, Cell>();
  for (const row of rows) {
    const code = outcomes.findIndex((o) => o.outcome === row.outcome && o.reason === row.reason);
    cells.set(cellKey(row.hourObserved, code), { readings: row.readings, late: row.late, changed: false });
  }
  counts.hours.set(hourReceived, cells);
}

export function addToLedger(
  counts: LedgerCounts,
  hourReceived: Instant,
  observedAt: Instant | null,
  code: OutcomeCode,
  readings: number,
  late: number,
): void {
  const key = cellKey(observedAt, code);
  let cell = counts.last;
  if (!cell || key !== counts.lastKey || hourReceived !== counts.lastHour) {
    cell = cellOf(counts, hourReceived, key);
    counts.last = cell;
    counts.lastHour = hourReceived;
    counts.lastKey = key;
  }
  cell.readings += readings;
  cell.late += late;
  cell.changed = true;
}

/** Rows changed since the last `settleLedger`. */
export function* changedRows(
  counts: LedgerCounts,
  partition: number,
  deviceId: string,
): Generator<LedgerRow, void, void> {
  for (const [hourReceived, cells] of counts.hours) {
    for (const [key, cell] of cells) {
      if (!cell.changed) continue;
      const { outcome, reason } = outcomes[key % 64]!;
      const hourObserved = hourOfKey(key);
      const { readings, late } = cell;
      yield { partition, deviceId, hourReceived, hourObserved, outcome, reason, readings, late };
    }
  }
}

/** The rows are stored; hours before the newest are forgotten. */
export function settleLedger(counts: LedgerCounts): void {
  for (const [hourReceived, cells] of counts.hours) {
    if (hourReceived < counts.newestHour) {
      counts.hours.delete(hourReceived);
      counts.last = undefined;
    } else for (const cell of cells.values()) cell.changed = false;
  }
}

function cellOf(counts: LedgerCounts, hourReceived: Instant, key: number): Cell {
  if (hourReceived > counts.newestHour) counts.newestHour = hourReceived;
  let cells = counts.hours.get(hourReceived);
  if (!cells) {
    cells = new Map();
    counts.hours.set(hourReceived, cells);
  }
  let cell = cells.get(key);
  if (!cell) {
    cell = { readings: 0, late: 0, changed: false };
    cells.set(key, cell);
  }
  return cell;
}

/** Hour observed (hours since 1970 plus one; 0 for none) and outcome in one number. */
function cellKey(observedAt: Instant | null, code: OutcomeCode): number {
  return (observedAt === null ? 0 : hourOf(observedAt) / HOUR_MS + 1) * 64 + code;
}

function hourOfKey(key: number): Instant | null {
  const hour = Math.floor(key / 64);
  return hour === 0 ? null : (hour - 1) * HOUR_MS;
}
