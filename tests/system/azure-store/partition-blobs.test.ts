import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContainerClient } from '@azure/storage-blob';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { OwnershipLost, StoreUnavailable } from '#domain/store.ts';
import { blobService } from '#infra/blob/blob-service.ts';
import { partitionBlobs } from '#infra/blob/partition-blobs.ts';
import { type LocalBlob, startLocalBlob } from '#infra/local/blob/start-local-blob.ts';

let directory: string;
let local: LocalBlob;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'headway-blob-'));
  local = await startLocalBlob({ directory });
});
afterAll(async () => {
  await local.close();
  rmSync(directory, { recursive: true, force: true });
});

const nothing = { state: [], hours: [] };
let container: ContainerClient;
let containers = 0;
beforeEach(async () => {
  container = await blobService({ connectionString: local.connectionString }).container(
    `city-${++containers}`,
  );
});

it('begins before the first position, and goes on where the owner before it was', async () => {
  const first = await partitionBlobs(container).takeOver(3);
  expect(first.head).toMatchObject({ partition: 3, position: -1, commit: 0, generation: 1 });
  await first.checkpoint(7, {
    state: [
      { key: 'a device', value: '{"with": "\n lines"}' },
      { key: 'gone', value: 'x' },
    ],
    hours: [{ key: 'a device', value: '[]' }],
  });
  await first.checkpoint(9, { state: [{ key: 'gone', value: null }], hours: [] });
  const second = await partitionBlobs(container).takeOver(3);
  expect(second.head).toMatchObject({ position: 9, commit: 2, generation: 2 });
  expect([...second.state]).toEqual([['a device', '{"with": "\n lines"}']]);
  expect([...second.hours]).toEqual([['a device', '[]']]);
});

it('shuts out an owner that was taken over from, and changes nothing for it', async () => {
  const first = await partitionBlobs(container).takeOver(0);
  await first.checkpoint(5, nothing);
  const second = await partitionBlobs(container).takeOver(0);
  await expect(first.checkpoint(8, { state: [{ key: 'a', value: 'stale' }], hours: [] })).rejects.toThrow(
    OwnershipLost,
  );
  expect(first.head.position).toBe(5);
  await second.checkpoint(6, { state: [{ key: 'a', value: 'fresh' }], hours: [] });
  expect(await partitionBlobs(container).head(0)).toMatchObject({ position: 6, generation: 2 });
});

it('lets two take over at one moment: the last is the owner, and only it', async () => {
  const both = await Promise.all([
    partitionBlobs(container).takeOver(0),
    partitionBlobs(container).takeOver(0),
  ]);
  const outcomes = await Promise.allSettled(both.map((o) => o.checkpoint(1, nothing)));
  expect(outcomes.map((o) => o.status).sort()).toEqual(['fulfilled', 'rejected']);
});

it('knows its own write again whose answer was lost', async () => {
  let isLost = false;
  const losing = new Proxy(container, {
    get: (target, name) => {
      if (name !== 'getBlockBlobClient') return Reflect.get(target, name);
      return (id: string) => {
        const blob = target.getBlockBlobClient(id);
        const upload = blob.upload.bind(blob);
        blob.upload = async (...given) => {
          const answer = await upload(...given);
          if (!isLost) return answer;
          throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
        };
        return blob;
      };
    },
  });
  const owner = await partitionBlobs(losing).takeOver(0);
  isLost = true;
  await expect(owner.checkpoint(4, nothing)).rejects.toThrow(StoreUnavailable);
  isLost = false;
  await owner.checkpoint(4, nothing);
  await owner.checkpoint(5, nothing);
  expect(await partitionBlobs(container).head(0)).toMatchObject({ position: 5, commit: 2, generation: 1 });
});

it('tells a checkpoint that somebody deleted or wrote over', async () => {
  const owner = await partitionBlobs(container).takeOver(0);
  const blob = container.getBlockBlobClient('partition-0000');
  await blob.upload('{"partition":0}\nnot gzip', 24);
  await expect(owner.checkpoint(1, nothing)).rejects.toThrow('not what Headway wrote');
  await expect(partitionBlobs(container).takeOver(0)).rejects.toThrow('not what Headway wrote');
  await blob.delete();
  await expect(owner.checkpoint(1, nothing)).rejects.toThrow('somebody deleted it');
});

it('calls a service out of reach unavailable, and goes on when it is back', async () => {
  const place = mkdtempSync(join(tmpdir(), 'headway-blob-'));
  const before = await startLocalBlob({ directory: place });
  const there = await blobService({ connectionString: before.connectionString }).container('city');
  const owner = await partitionBlobs(there).takeOver(0);
  await before.close();
  await expect(owner.checkpoint(4, nothing)).rejects.toThrow(StoreUnavailable);
  const after = await startLocalBlob({ directory: place, port: before.port });
  await owner.checkpoint(4, nothing);
  expect(await partitionBlobs(there).head(0)).toMatchObject({ position: 4, commit: 1 });
  await after.close();
  rmSync(place, { recursive: true, force: true });
});

it('reads the head of a partition of many streams without reading the streams', async () => {
  const owner = await partitionBlobs(container).takeOver(0);
  const changes = Array.from({ length: 10_000 }, (_, i) => ({ key: `loop-${i}`, value: `${i}`.repeat(100) }));
  await owner.checkpoint(1, { state: changes, hours: [] });
  expect(await partitionBlobs(container).head(0)).toEqual(owner.head);
  expect((await partitionBlobs(container).takeOver(0)).state.size).toBe(10_000);
});
