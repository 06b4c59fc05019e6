import type { BlockBlobClient, ContainerClient } from '@azure/storage-blob';
import { OwnershipLost } from '#domain/store.ts';
import { asOutage } from '#infra/azure/outage.ts';
import { type PartitionHead, takenOver } from './partition-head.ts';
import { decodeHead, decodePartition, encodePartition, type PartitionContent } from './partition-text.ts';

/** An entry's new value; null removes it. */
type Changes = Iterable<{ key: string; value: string | null }>;

/** A partition's blob as it was read. */
export interface ReadPartition extends PartitionContent {
  head: PartitionHead;
}

/** A partition as its owner holds it. */
export interface OwnedPartition extends Readonly<ReadPartition> {
  /**
   * The checkpoint: position and content as of `head.commit + 1`, in one write that fails where another owner came.
   * @throws OwnershipLost, StoreUnavailable
   */
  checkpoint(position: number, changes: { state: Changes; hours: Changes }): Promise<void>;
}

export type PartitionBlobs = ReturnType<typeof partitionBlobs>;

/** Position, owner and stream state of every partition: a block blob each, written whole and only with If-Match. */
export function partitionBlobs(container: ContainerClient) {
  const blobOf = (partition: number): BlockBlobClient =>
    container.getBlockBlobClient(`partition-${String(partition).padStart(4, '0')}`);

  /** As it stands now, whoever has it; undefined where nobody ever had it. @throws StoreUnavailable */
  const read = async (partition: number): Promise<(ReadPartition & { etag: string }) | undefined> => {
    const blob = blobOf(partition);
    try {
      const response = await blob.download();
      const chunks: Buffer[] = [];
      for await (const chunk of response.readableStreamBody!) chunks.push(chunk as Buffer);
      return { etag: response.etag!, ...decoded(blob.url, Buffer.concat(chunks)) };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw asOutage(error, `read the checkpoint of partition ${partition} (Blob Storage)`);
    }
  };

  /** The head alone: a few kilobytes, however many streams there are. @throws StoreUnavailable */
  const head = async (partition: number): Promise<PartitionHead | undefined> => {
    const blob = blobOf(partition);
    for (let bytes = 4_096; ; bytes *= 16) {
      try {
        const response = await blob.download(0, bytes);
        const chunks: Buffer[] = [];
        for await (const chunk of response.readableStreamBody!) chunks.push(chunk as Buffer);
        const found = decodeHead(Buffer.concat(chunks));
        if (found) return found;
        if (chunks.reduce((n, c) => n + c.length, 0) < bytes) throw damaged(blob.url, 'it has no first line');
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw asOutage(error, `read the checkpoint of partition ${partition} (Blob Storage)`);
      }
    }
  };

  /** Makes the caller the owner: whoever was it before can write no checkpoint any more. @throws StoreUnavailable */
  const takeOver = async (partition: number): Promise<OwnedPartition> => {
    for (;;) {
      const found = await read(partition);
      const nobody = { partition, position: -1, commit: 0, generation: 0, takeovers: [] };
      const mine = takenOver(found?.head ?? nobody);
      const content = { state: found?.state ?? new Map(), hours: found?.hours ?? new Map() };
      const conditions = found ? { ifMatch: found.etag } : { ifNoneMatch: '*' };
      try {
        const body = await encodePartition(mine, content);
        const { etag } = await blobOf(partition).upload(body, body.length, { conditions });
        return owned(partition, { head: mine, ...content, etag: etag! });
      } catch (error) {
        // Another came at the same moment, or a repeated request met its own first try: look again.
        if (isConflict(error)) continue;
        throw asOutage(error, `take over partition ${partition} (Blob Storage)`);
      }
    }
  };

  const owned = (partition: number, taken: ReadPartition & { etag: string }): OwnedPartition => {
    let current = taken;
    return {
      get head() {
        return current.head;
      },
      get state() {
        return current.state;
      },
      get hours() {
        return current.hours;
      },
      checkpoint: async (position, changes) => {
        const next = {
          head: { ...current.head, position, commit: current.head.commit + 1 },
          state: changed(current.state, changes.state),
          hours: changed(current.hours, changes.hours),
        };
        const body = await encodePartition(next.head, next);
        try {
          const conditions = { ifMatch: current.etag };
          const { etag } = await blobOf(partition).upload(body, body.length, { conditions });
          current = { ...next, etag: etag! };
        } catch (error) {
          if (!isConflict(error) && !isMissing(error)) {
            throw asOutage(error, `write the checkpoint of partition ${partition} (Blob Storage)`);
          }
          const there = await read(partition);
          if (!there)
            throw new Error(`the checkpoint of partition ${partition} is gone: somebody deleted it`);
          const { generation, commit } = there.head;
          const { head: mine } = next;
          if (generation !== mine.generation) throw lost(partition, mine.generation, generation);
          if (commit !== mine.commit) {
            throw new Error(`the checkpoint of partition ${partition} was changed by another hand`);
          }
          // The first try arrived and its answer did not.
          current = { ...next, etag: there.etag };
        }
      },
    };
  };

  return { takeOver, read, head };
}

export function lost(partition: number, mine: number, theirs: number): OwnershipLost {
  return new OwnershipLost(
    `partition ${partition} is another's now: owner number ${theirs} came after this one, number ${mine}`,
  );
}

function changed(entries: ReadonlyMap<string, string>, changes: Changes): Map<string, string> {
  const next = new Map(entries);
  for (const { key, value } of changes) {
    if (value === null) next.delete(key);
    else next.set(key, value);
  }
  return next;
}

function decoded(url: string, blob: Buffer): ReturnType<typeof decodePartition> {
  try {
    return decodePartition(blob);
  } catch (error) {
    throw damaged(url, (error as Error).message, error);
  }
}

function damaged(url: string, detail: string, cause?: unknown): Error {
  return new Error(`the checkpoint ${url} is not what Headway wrote there: ${detail}`, { cause });
}

function isMissing(error: unknown): boolean {
  return (error as { statusCode?: number }).statusCode === 404;
}

function isConflict(error: unknown): boolean {
  const { statusCode } = error as { statusCode?: number };
  return statusCode === 409 || statusCode === 412;
}
