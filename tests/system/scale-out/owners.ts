import { setTimeout as sleep } from 'node:timers/promises';
import { blobService } from '#infra/blob/blob-service.ts';
import { partitionBlobs } from '#infra/blob/partition-blobs.ts';

export interface Owners {
  /** Partitions that this process has, as ownership says. */
  of(pid: number): Promise<number[]>;
  /** Resolves when each partition is run by processes among these, with the time that it took in milliseconds. */
  allAmong(pids: readonly number[]): Promise<number>;
  /** How many owners each partition has had. */
  generations(): Promise<number[]>;
  /**
   * Resolves when each of these partitions has had another owner since it had so many. `from`: of `performance.now()`.
   * @throws after `atMostMs`.
   */
  changed(
    partitions: readonly number[],
    since: readonly number[],
    from: number,
    atMostMs: number,
  ): Promise<number>;
}

const LOOK_EVERY_MS = 40;

/** Who runs the partitions, as the blobs of ownership and checkpoints say. */
export async function watchOwners(connectionString: string, partitions: number): Promise<Owners> {
  const service = blobService({ connectionString });
  const ownership = await service.container('ownership');
  const checkpoints = partitionBlobs(await service.container('checkpoints'));
  const owners = async (): Promise<Map<number, number>> => {
    const found = new Map<number, number>();
    for await (const { name, metadata } of ownership.listBlobsFlat({ includeMetadata: true })) {
      const pid = /-(\d+)-[0-9a-f]{8}-/.exec(metadata?.ownerid ?? '')?.[1];
      if (pid) found.set(Number(name.split('/').at(-1)), Number(pid));
    }
    return found;
  };
  const generations = async (): Promise<number[]> => {
    const heads = await Promise.all(Array.from({ length: partitions }, (_, p) => checkpoints.head(p)));
    return heads.map((head) => head?.generation ?? 0);
  };
  return {
    of: async (pid) => [...(await owners())].flatMap(([p, owner]) => (owner === pid ? [p] : [])),
    allAmong: async (pids) => {
      const from = performance.now();
      for (;;) {
        const found = [...(await owners()).values()];
        if (found.length === partitions && found.every((pid) => pids.includes(pid))) break;
        if (performance.now() - from > 60_000)
          throw new Error('the partitions are not shared after a minute');
        await sleep(LOOK_EVERY_MS);
      }
      return performance.now() - from;
    },
    generations,
    changed: async (wanted, since, from, atMostMs) => {
      for (;;) {
        const now = await generations();
        const ms = performance.now() - from;
        if (wanted.every((p) => now[p]! > since[p]!)) return ms;
        if (ms > atMostMs)
          throw new Error(`partitions ${wanted.join(', ')} have no new owner after ${ms} ms`);
        await sleep(LOOK_EVERY_MS);
      }
    },
  };
}
