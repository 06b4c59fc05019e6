import type { Database, OperationInput } from '@azure/cosmos';
import { DAY_MS, hourOf, type Instant } from '#domain/instant.ts';
import { bulk } from './bulk.ts';
import { documentId } from './document.ts';

/** What one door has refused in one hour since it started: absolute, so that writing it twice counts it once. */
export interface DoorDocument {
  id: string;
  series: string;
  type: 'door';
  reason: string;
  deviceId: string;
  hourReceived: Instant;
  refused: number;
}

/**
 * Counts refusals in memory and writes them now and then: they are outside the ledger. `door` names this process's
 * door among all that ever were: counts of several add up.
 */
export function cosmosDoorCounts(database: Database, door: string, clock: () => Instant) {
  const container = database.container('journal');
  const counts = new Map<string, DoorDocument>();
  const waiting = new Set<DoorDocument>();
  return {
    refused: (reason: string, deviceId: string): void => {
      const hourReceived = hourOf(clock());
      const id = documentId(door, reason, deviceId, hourReceived);
      let count = counts.get(id);
      if (!count) {
        const series = `door/${Math.floor(hourReceived / DAY_MS)}`;
        count = { id, series, type: 'door', reason, deviceId, hourReceived, refused: 0 };
        counts.set(id, count);
      }
      count.refused += 1;
      waiting.add(count);
    },
    /** False where the store can not take them now: they are kept for the next time. */
    flush: async (): Promise<boolean> => {
      const due = [...waiting];
      waiting.clear();
      try {
        const operations = due.map(
          (count): OperationInput => ({
            operationType: 'Upsert',
            partitionKey: count.series,
            resourceBody: { ...count } as never,
          }),
        );
        const answers = await bulk(container, operations, 'write what the door refused');
        if (answers.some(({ statusCode }) => statusCode >= 300)) throw new Error('refused');
      } catch {
        for (const count of due) waiting.add(count);
        return false;
      }
      const hour = hourOf(clock());
      for (const [id, count] of counts) {
        if (count.hourReceived < hour && !waiting.has(count)) counts.delete(id);
      }
      return true;
    },
  };
}
