import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { OwnershipStore } from '#infra/event-hubs/partition-balancer.ts';
import { type LocalBlob, startLocalBlob } from '#infra/local/blob/start-local-blob.ts';
import {
  EXPIRY_MS,
  INTERVAL_MS,
  isBalanced,
  type Owner,
  ownershipStore,
  startOwner,
  until,
} from './balanced-owners.ts';

const PARTITIONS = 10;
const BUSY_MACHINE_MS = 1_000;

describe('processes that share the partitions of a hub', () => {
  let directory: string;
  let blob: LocalBlob;
  let store: OwnershipStore;
  let owners: Owner[] = [];
  let containers = 0;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'headway-balancer-'));
    blob = await startLocalBlob({ directory });
  });
  afterAll(async () => {
    await blob.close();
    await rm(directory, { recursive: true });
  });
  const start = (id: string): Owner => {
    const owner = startOwner(store, id, PARTITIONS);
    owners.push(owner);
    return owner;
  };
  const begin = async (...ids: string[]): Promise<Owner[]> => {
    store = await ownershipStore(blob.connectionString, `sharing-${containers++}`);
    const started = ids.map(start);
    await until(() => isBalanced(started, PARTITIONS));
    return started;
  };
  afterEach(async () => {
    for (const owner of owners) owner.resume();
    await Promise.all(owners.map((owner) => owner.drain()));
    expect(owners.flatMap((owner) => owner.troubles)).toEqual([]);
    expect(owners.flatMap((owner) => [...owner.running])).toEqual([]);
    owners = [];
  });

  it('one has all, and gives half to a second that comes', async () => {
    const [one] = await begin('one');
    expect(one!.running.size).toBe(PARTITIONS);
    const two = start('two');
    await until(() => isBalanced([one!, two], PARTITIONS));
    expect([one!.running.size, two.running.size]).toEqual([5, 5]);
  });

  it('four that start together come to 3, 3, 2 and 2', async () => {
    const four = await begin('a', 'b', 'c', 'd');
    expect(four.map((owner) => owner.running.size).sort()).toEqual([2, 2, 3, 3]);
  });

  it('what a killed one ran is run again within the expiry and one interval', async () => {
    const [killed, ...rest] = await begin('a', 'b', 'c', 'd');
    killed!.stop();
    const tookMs = await until(() => isBalanced(rest, PARTITIONS));
    expect(tookMs).toBeGreaterThan(EXPIRY_MS - 2 * INTERVAL_MS);
    expect(tookMs).toBeLessThan(EXPIRY_MS + INTERVAL_MS + BUSY_MACHINE_MS);
  });

  it('one that was paused beyond the expiry finds out that its partitions are others’, and gets a share again', async () => {
    const [paused, other] = await begin('one', 'two');
    paused!.stop();
    await until(() => other!.running.size === PARTITIONS);
    expect(paused!.running.size).toBe(5);
    paused!.resume();
    await until(() => isBalanced([paused!, other!], PARTITIONS));
  });

  it('one that drains gives up at once, without waiting for an expiry', async () => {
    const [leaving, staying] = await begin('one', 'two');
    await leaving!.drain();
    const tookMs = await until(() => isBalanced([staying!], PARTITIONS));
    expect(tookMs).toBeLessThan(EXPIRY_MS / 2);
  });
});
