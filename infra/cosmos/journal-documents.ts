import type { Container } from '@azure/cosmos';
import { DAY_MS, type Instant, mod } from '#domain/instant.ts';
import type { Commit, DeadLetter, OutcomeChunk, Readmission } from '#domain/store.ts';
import { type DocumentName, documentId } from './document.ts';
import { type Change, documents } from './documents.ts';

/**
 * What is kept by place in the log: outcomes, dead letters, readmissions, corrupt stretches, and the days in which a
 * commit changed windows. A series of them is a logical partition.
 */
export type JournalType = 'outcomes' | 'dead-letter' | 'readmission' | 'corrupt' | 'changed-day';

export type OutcomesValue = [to: number, registryVersion: number, bytes: string];
export type DeadLetterValue = [deviceId: string, receivedAt: Instant, indices: number[], detail: string];
export type ReadmissionValue = [via: number, registryVersion: number];
type CorruptValue = [to: number, detail: string];
export type JournalValue = OutcomesValue | DeadLetterValue | ReadmissionValue | CorruptValue | [];

export function journalDocuments(container: Container) {
  return documents<JournalValue>(container);
}

/** A logical partition holds 20 GB at most: a series ends after this many positions. */
const SERIES_POSITIONS = 1_048_576;

/** The series that an entry about a position stands in. */
export function seriesOf(type: JournalType, partition: number, position: number): string {
  return `${type}/${partition}/${Math.floor(position / SERIES_POSITIONS)}`;
}

/** The series of entries about these positions, in order; both inclusive. */
export function seriesBetween(type: JournalType, partition: number, from: number, to: number): string[] {
  const series: string[] = [];
  for (let n = Math.floor(from / SERIES_POSITIONS); n * SERIES_POSITIONS <= to; n++) {
    series.push(`${type}/${partition}/${n}`);
  }
  return series;
}

/** Days are of the city, not of the log: they stand in one series. */
export function daysSeries(partition: number): string {
  return `changed-day/${partition}`;
}

export function outcomesName(partition: number, from: number): DocumentName {
  return { id: documentId(from), partitionKey: seriesOf('outcomes', partition, from) };
}

export function deadLetterName(partition: number, position: number, reason: string): DocumentName {
  return { id: documentId(position, reason), partitionKey: seriesOf('dead-letter', partition, position) };
}

export function toChunk(
  partition: number,
  from: number,
  [to, registryVersion, bytes]: OutcomesValue,
): OutcomeChunk {
  return { partition, from, to, registryVersion, bytes: new Uint8Array(Buffer.from(bytes, 'latin1')) };
}

export function toDeadLetter(
  partition: number,
  position: number,
  reason: DeadLetter['reason'],
  [deviceId, receivedAt, indices, detail]: DeadLetterValue,
): DeadLetter {
  return { partition, position, reason, deviceId, receivedAt, indices, detail };
}

export function toReadmission(
  id: string,
  partition: number,
  [via, registryVersion]: ReadmissionValue,
): Readmission {
  const [position, index] = id.split('|').map(Number) as [number, number];
  return { partition, position, index, via, registryVersion };
}

/** What a commit writes of all this. `letterTtlS`: after so long a dead letter goes; undefined keeps it. */
export function journalChanges(commit: Commit, letterTtlS: number | undefined): Change<JournalValue>[] {
  const { partition } = commit.checkpoint;
  const change = (
    type: JournalType,
    name: DocumentName,
    position: number,
    value: JournalValue | null,
  ): Change<JournalValue> => ({
    name,
    fields: {
      series: name.partitionKey,
      type,
      position,
      ...(type === 'dead-letter' && letterTtlS !== undefined ? { ttl: letterTtlS } : {}),
    },
    // Nothing is removed that is not there.
    value: (before) => (value === null && before === undefined ? undefined : value),
  });
  const days = new Set<Instant>();
  for (const { startAt } of commit.windows) days.add(startAt - mod(startAt, DAY_MS));
  return [
    ...commit.outcomes.map((o) =>
      change('outcomes', outcomesName(partition, o.from), o.from, [
        o.to,
        o.registryVersion,
        Buffer.from(o.bytes).toString('latin1'),
      ]),
    ),
    ...lastOf(commit.deadLetters).map((d) =>
      change(
        'dead-letter',
        deadLetterName(partition, d.position, d.reason),
        d.position,
        d.indices.length === 0 ? null : [d.deviceId, d.receivedAt, d.indices, d.detail],
      ),
    ),
    ...commit.readmissions.map((r) => {
      const partitionKey = seriesOf('readmission', partition, r.position);
      const name = { id: documentId(r.position, r.index), partitionKey };
      return change('readmission', name, r.position, [r.via, r.registryVersion]);
    }),
    ...commit.corrupt.map((c) => {
      const name = { id: documentId(c.from), partitionKey: seriesOf('corrupt', partition, c.from) };
      return change('corrupt', name, c.from, [c.to, c.detail]);
    }),
    ...[...days].map((day) =>
      change('changed-day', { id: documentId(day), partitionKey: daysSeries(partition) }, -1, []),
    ),
  ];
}

/** Where one commit both found and settled a letter, the last word holds. */
function lastOf(letters: readonly DeadLetter[]): DeadLetter[] {
  return [...new Map(letters.map((l) => [`${l.position}/${l.reason}`, l])).values()];
}
