import { HOUR_MS, hourOf, type Instant } from '#domain/instant.ts';
import type { LedgerRow } from '#domain/ledger.ts';
import { type OutcomeCode, outcomes } from '#domain/outcome.ts';

/** Absolute counts of one partition's readings by device, hour received, hour observed and outcome. */
export interface LedgerCounts {
  has(deviceId: string, hourReceived: Instant): boolean;
  /** Puts stored rows in place; must come before the first `add` to their device and hour. */
  load(rows: readonly LedgerRow[]): void;
  add(
    deviceId: string,
    hourReceived: Instant,
    observedAt: Instant | null,
    code: OutcomeCode,
    readings: number,
    late: number,
  ): void;
  /** Rows changed since the last call. Hours that `keep` refuses are forgotten: they must be loaded again. */
  collect(keep: (deviceId: string, hourReceived: Instant) => boolean): LedgerRow[];
}

interface Cell {
  readings: number;
  late: number;
  changed: boolean;
}

export function ledgerCounts(partition: number): LedgerCounts {
  const byDevice = new Map<string, Map<Instant, Map<number, Cell>>>();
  const touched = new Set<string>();

  const cellsOf = (deviceId: string, hourReceived: Instant): Map<number, Cell> => {
    const hours = byDevice.get(deviceId) ?? new Map<Instant, Map<number, Cell>>();
    if (hours.size === 0) byDevice.set(deviceId, hours);
    const cells = hours.get(hourReceived) ?? new Map<number, Cell>();
    if (cells.size === 0) hours.set(hourReceived, cells);
    return cells;
  };

  return {
    has: (deviceId, hourReceived) => byDevice.get(deviceId)?.has(hourReceived) ?? false,
    load: (rows) => {
      for (const row of rows) {
        const code = outcomes.findIndex((o) => o.outcome === row.outcome && o.reason === row.reason);
        const cell = { readings: row.readings, late: row.late, changed: false };
        cellsOf(row.deviceId, row.hourReceived).set(cellKey(row.hourObserved, code), cell);
      }
    },
    add: (deviceId, hourReceived, observedAt, code, readings, late) => {
      const cells = cellsOf(deviceId, hourReceived);
      const key = cellKey(observedAt, code);
      let cell = cells.get(key);
      if (!cell) {
        cell = { readings: 0, late: 0, changed: true };
        cells.set(key, cell);
      }
      cell.readings += readings;
      cell.late += late;
      cell.changed = true;
      touched.add(deviceId);
    },
    collect: (keep) => {
      const rows: LedgerRow[] = [];
      for (const deviceId of touched) {
        const hours = byDevice.get(deviceId)!;
        for (const [hourReceived, cells] of hours) {
          for (const [key, cell] of cells) {
            if (!cell.changed) continue;
            cell.changed = false;
            const { outcome, reason } = outcomes[key % 64]!;
            const hourObserved = hourOfKey(key);
            const { readings, late } = cell;
            rows.push({ partition, deviceId, hourReceived, hourObserved, outcome, reason, readings, late });
          }
          if (!keep(deviceId, hourReceived)) hours.delete(hourReceived);
        }
      }
      touched.clear();
      return rows;
    },
  };
}

/** Hour observed (hours since 1970 plus one; 0 for none) and outcome in one number. */
function cellKey(observedAt: Instant | null, code: OutcomeCode): number {
  return (observedAt === null ? 0 : hourOf(observedAt) / HOUR_MS + 1) * 64 + code;
}

function hourOfKey(key: number): Instant | null {
  const hour = Math.floor(key / 64);
  return hour === 0 ? null : (hour - 1) * HOUR_MS;
}
