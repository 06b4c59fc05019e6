import type { City } from '#analytics/lake/open-lake.ts';
import type { LedgerRow } from '#domain/ledger.ts';
import type { Corruption, EventLog } from '#domain/log.ts';
import type { Registry } from '#domain/registry/registry.ts';
import type { Checkpoint, ExportSource } from '#domain/store.ts';
import type { Config } from './config.ts';

/**
 * What the parts of a city share, in whatever process each runs: kept in the data directory (SQLite and segment
 * files), or on Azure. Only the two makers of this know which.
 */
export interface CityState {
  registry: Registry;
  /** The one city; undefined before the first import, recording or start has named it. */
  city(): City | undefined;
  /** Looks again, for another process may have named it; absent where `city` always knows. */
  findCity?(): Promise<City | undefined>;
  /** @throws OperatorFault where there is a city already, in another time zone. */
  setCity(city: City): Promise<void>;
  /** To append to. @throws OperatorFault */
  openLog(config: Config): Promise<WrittenLog>;
  /** To read; undefined where nothing was ever written. */
  readLog(): Promise<LogReader | undefined>;
  checkpoints(): Promise<Checkpoint[]>;
  /** Readings by outcome and reason, of everything processed. */
  ledgerTotals(): Promise<Pick<LedgerRow, 'outcome' | 'reason' | 'readings' | 'late'>[]>;
  /** How many readings at these places are dead letters now. */
  deadReadings(places: readonly { partition: number; positions: readonly number[] }[]): Promise<number>;
  /** What the log lost, as processing met it. */
  corrupt(): Promise<(Corruption & { partition: number })[]>;
  /** Everything as of one moment, while processing goes on. */
  snapshot(): Promise<ExportSource & { close(): Promise<void> }>;
  /**
   * Runs work that changes the lake, on the newest lake and as the only one that does, on whatever machine, and
   * publishes what it made; absent where the lake is in the data directory alone.
   */
  withSharedLake?<T>(work: () => Promise<T>): Promise<T>;
  /** Brings the lake that another process published here; absent where it is here anyway. */
  fetchLake?(): Promise<void>;
  /** Processes the log in a thread of its own: all of it, or the partitions that fall to this process. */
  startProcessing(config: Config, timezone: string): Processing;
  /** What the door refuses, counted in memory and stored now and then. */
  doorCounts(): { refused(reason: string, deviceId: string): void; close(): Promise<void> };
  close(): void;
}

export type LogReader = Omit<EventLog, 'append'>;

export interface WrittenLog extends EventLog {
  /** Lets whole segments go whose time is up; absent where the service does that. */
  expire?(what: { before: number; upTo: readonly number[] }): Promise<unknown>;
}

export interface Processing {
  /** Rejects when processing has died. */
  failed: Promise<never>;
  /** Readings stored since the start, and those of them that became dead letters. */
  stored(): { readings: number; refused: number };
  /** Since its thread last said that it turns; undefined while it starts. */
  silentMs(): number | undefined;
  /** Resolves with what was read stored. */
  stop(): Promise<void>;
}

/** Resolves when everything now in the log is processed and stored, by whichever process. */
export async function processedToEnd(
  state: Pick<CityState, 'checkpoints'>,
  log: Pick<EventLog, 'ends'>,
  alive: () => void = () => {},
): Promise<void> {
  const ends = await log.ends();
  for (let waitMs = 5; ; waitMs = Math.min(waitMs * 1.5, 250)) {
    const positions = new Map((await state.checkpoints()).map((c) => [c.partition, c.position]));
    if (ends.every((end, partition) => (positions.get(partition) ?? -1) >= end)) return;
    alive();
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}
