import type { Container, JSONObject, OperationInput } from '@azure/cosmos';
import { StoreUnavailable } from '#domain/store.ts';
import { lost } from '#infra/blob/partition-blobs.ts';
import type { PartitionHead } from '#infra/blob/partition-head.ts';
import { bulk } from './bulk.ts';
import {
  type DocumentName,
  opened,
  type StoredDocument,
  sealed,
  type Version,
  versionAt,
} from './document.ts';

/** How a commit changes one document. */
export interface Change<T> {
  name: DocumentName;
  /** What queries find it by, the partition key among them. */
  fields: JSONObject;
  /** The value after the commit, from the one that counts before it; undefined leaves it as it is. */
  value(before: T | undefined): T | null | undefined;
}

/** In whose name a commit is written. */
export interface Writer {
  head: PartitionHead;
  /** Commits that exports under way read at: what counted then is kept. */
  pinned: readonly number[];
}

interface Known<T> {
  etag: string;
  versions: Version<T>[];
}

/**
 * The documents of one container that one partition's owner reads and writes. Each keeps the version that counts
 * beside the one being written; one that is written is replaced only as it was read, so that an owner who has lost the
 * partition can not undo what its successor wrote.
 */
export function documents<T>(container: Container) {
  let known = new Map<string, Known<T>>();

  const keyOf = ({ id, partitionKey }: DocumentName): string => `${partitionKey}\n${id}`;

  /** Fetches these anew. */
  const refresh = async (names: readonly DocumentName[]): Promise<void> => {
    const reads = names.map(
      ({ id, partitionKey }): OperationInput => ({ operationType: 'Read', id, partitionKey }),
    );
    const answers = await bulk(container, reads, `read from ${container.id}`);
    for (const [i, name] of names.entries()) {
      const { statusCode, resourceBody, eTag } = answers[i]!;
      if (statusCode === 404) {
        known.delete(keyOf(name));
        continue;
      }
      if (statusCode !== 200) throw refused(container.id, name, answers[i]!);
      const document = resourceBody as unknown as StoredDocument;
      const etag = eTag ?? document._etag!;
      known.set(keyOf(name), { etag, versions: opened<T>(container.id, document) });
    }
  };

  /** The values that count, in the order of the names; undefined for what is not there. @throws OwnershipLost */
  const read = async (names: readonly DocumentName[], head: PartitionHead): Promise<(T | undefined)[]> => {
    await refresh(names);
    return names.map((name) => {
      const versions = known.get(keyOf(name))?.versions ?? [];
      refuseSuccessor(versions, head);
      return versionAt(versions, head)?.[2] ?? undefined;
    });
  };

  /** @throws StoreUnavailable, OwnershipLost, and what a change's `value` throws. */
  const write = async (changes: readonly Change<T>[], writer: Writer): Promise<void> => {
    for (let i = 0; i < changes.length; i += TOGETHER) {
      await writeTogether(changes.slice(i, i + TOGETHER), writer);
    }
  };

  const writeTogether = async (changes: readonly Change<T>[], writer: Writer): Promise<void> => {
    let waiting = changes;
    for (let tries = 0; waiting.length > 0; tries++) {
      // Each round is lost to somebody who wrote meanwhile: one that has lost the partition, and soon knows it.
      if (tries === MOST_TRIES)
        throw new StoreUnavailable(`could not write to ${container.id}: another writes too`);
      const due = waiting.flatMap((change) => prepare(change, writer) ?? []);
      const answers = await bulk(
        container,
        due.map(({ operation }) => operation),
        `write to ${container.id}`,
      );
      const again: Change<T>[] = [];
      for (const [i, { change, versions }] of due.entries()) {
        const { statusCode, eTag } = answers[i]!;
        const { name } = change;
        if (statusCode === 200 || statusCode === 201) known.set(keyOf(name), { etag: eTag!, versions });
        else if (statusCode === 409 || statusCode === 412) again.push(change);
        else if (statusCode === 404) {
          throw new Error(
            `document ${name.id} of ${container.id} was deleted by another hand while it was in use`,
          );
        } else throw refused(container.id, name, answers[i]!);
      }
      if (again.length > 0) await refresh(again.map(({ name }) => name));
      waiting = again;
    }
  };

  const prepare = (change: Change<T>, { head, pinned }: Writer) => {
    const { name, fields } = change;
    const there = known.get(keyOf(name));
    const before = there?.versions ?? [];
    refuseSuccessor(before, head);
    const value = change.value(versionAt(before, head)?.[2] ?? undefined);
    if (value === undefined) return undefined;
    const newest: Version<T> = [head.generation, head.commit + 1, value];
    // An answer that was lost, or a try that broke off: it is there already.
    if (before.length > 0 && JSON.stringify(before[0]) === JSON.stringify(newest)) return undefined;
    const versions = [newest, ...kept(before, head, pinned)];
    const body = { ...fields, ...sealed(name, head.partition, versions) } as unknown as JSONObject;
    const { id, partitionKey } = name;
    const operation: OperationInput = there
      ? { operationType: 'Replace', id, partitionKey, resourceBody: body, ifMatch: there.etag }
      : { operationType: 'Create', partitionKey, resourceBody: body };
    return { change, versions, operation };
  };

  /** After a commit: what is touched again is read again first. */
  const forget = (): void => {
    known = new Map();
  };

  return { read, write, forget };
}

const MOST_TRIES = 10;
/** Documents in memory as they are sent, however large the commit. */
const TOGETHER = 2_000;

/** The version that counts, and those that counted for exports under way. */
function kept<T>(
  versions: readonly Version<T>[],
  head: PartitionHead,
  pinned: readonly number[],
): Version<T>[] {
  const current = versionAt(versions, head);
  if (!current) return [];
  const needed = new Set([current]);
  for (const commit of pinned) {
    const exported = versionAt(versions, { ...head, commit });
    if (exported) needed.add(exported);
  }
  return versions.filter((version) => needed.has(version));
}

function refuseSuccessor(versions: readonly Version<unknown>[], head: PartitionHead): void {
  const newest = versions[0];
  if (newest && newest[0] > head.generation) throw lost(head.partition, head.generation, newest[0]);
}

function refused(
  container: string,
  name: DocumentName,
  answer: { statusCode: number; message?: string },
): Error {
  return new Error(
    `Cosmos DB refuses document ${name.id} of ${container} with ${answer.statusCode}${answer.message ? `: ${answer.message}` : ''}`,
  );
}
