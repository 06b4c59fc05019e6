import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EventData } from '@azure/event-hubs';
import { describe, expect, it } from 'vitest';
import type { Corruption, LogBatch, LogEntry, LogRecord } from '#domain/log.ts';
import { LIVE, LogUnavailable, partitionOf } from '#domain/log.ts';
import { OwnershipLost } from '#domain/store.ts';
import { type EventHubsLog, openEventHubsLog } from '#infra/event-hubs/open-event-hubs-log.ts';
import { localNamespace } from './local-namespace.ts';

describe('the event log on Event Hubs', () => {
  it('takes events of IoT Hub as their device’s, whatever the device says of itself', async () => {
    await using city = await onePartition();
    await city.enqueue({
      body: Buffer.from('{}'),
      partitionKey: 'loop-1',
      annotations: {
        'iothub-connection-device-id': 'loop-1',
        'iothub-enqueuedtime': new Date(1_700_000_000_123),
      },
      applicationProperties: { type: 'readmit', deviceId: 'loop-2', receivedAt: 5, domain: 'recording:x' },
    });
    const [record] = await city.records(1);
    expect(record).toMatchObject({
      type: 'telemetry',
      deviceId: 'loop-1',
      receivedAt: 1_700_000_000_123,
      domain: LIVE,
      position: 0,
    });
  });

  it('makes something to reject of what a foreign producer sends', async () => {
    await using city = await onePartition();
    const producer = city.local.producer();
    const sentAt = Date.now();
    await producer.sendBatch([{ body: Buffer.from('not json {') }], { partitionKey: 'loop-1' });
    await producer.sendBatch([
      { body: { deviceId: 'loop-1' }, properties: { deviceId: 7, receivedAt: 'now' } },
      { body: null, properties: { type: 'reboot', deviceId: 'x', receivedAt: 1, domain: LIVE } },
    ]);
    await producer.sendBatch([
      { body: ['a', 1], bodyType: 'sequence' },
      { body: 42, bodyType: 'value' },
    ] as object[] as EventData[]);
    await city.log.append([entry('loop-1', 1)]);
    const records = await city.records(6);
    expect(records.map(({ deviceId, type }) => `${type} of ${deviceId}`)).toEqual([
      ...Array.from({ length: 5 }, () => 'telemetry of '),
      'telemetry of loop-1',
    ]);
    expect(records.map(text)).toEqual(['not json {', '{"deviceId":"loop-1"}', '', '["a",1]', '42', '1']);
    for (const { receivedAt } of records.slice(0, 5)) expect(receivedAt).toBeGreaterThanOrEqual(sentAt);
  });

  it('refuses an entry larger than an event may be, and takes the next', async () => {
    await using city = await onePartition();
    const big = { ...entry('loop-1', 0), payload: Buffer.alloc(1024 * 1024) };
    await expect(city.log.append([big])).rejects.toThrow(RangeError);
    await city.log.append([entry('loop-1', 1)]);
    expect((await city.records(1)).map(text)).toEqual(['1']);
  });

  it('waits out a short throttling, and says so when it lasts', async () => {
    await using city = await onePartition();
    city.local.server().throttle(true);
    const waiting = city.log.append([entry('loop-1', 1)]);
    await new Promise((resolve) => setTimeout(resolve, 700));
    city.local.server().throttle(false);
    await waiting;
    city.local.server().throttle(true);
    const refused = await Promise.allSettled([1, 2, 3].map((n) => city.log.append([entry('loop-1', n)])));
    city.local.server().throttle(false);
    for (const result of refused) {
      expect(result.status).toBe('rejected');
      const { reason } = result as PromiseRejectedResult;
      expect(reason).toBeInstanceOf(LogUnavailable);
      expect(reason.message).toContain(
        'partition 0 of hub telemetry at localhost did not take 3 events: ServerBusyError: ',
      );
    }
    await city.log.append([entry('loop-1', 4)]);
    expect((await city.records(2)).map(text)).toEqual(['1', '4']);
  });

  it('loses nothing when the service is gone for two seconds, writing and reading', async () => {
    await using city = await onePartition();
    const read: LogRecord[] = [];
    const over = new AbortController();
    const reading = (async () => {
      for await (const batch of city.log.read(0, -1, over.signal)) read.push(...batch.records);
    })();
    const acknowledged: string[] = [];
    let stop = false;
    const writing = (async () => {
      for (let n = 0; !stop; n++) {
        await city.log.append([entry('loop-1', n)]);
        acknowledged.push(String(n));
      }
    })();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await city.local.stop();
    const before = acknowledged.length;
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await city.local.restart();
    while (acknowledged.length < before + 50) await new Promise((resolve) => setTimeout(resolve, 10));
    stop = true;
    await writing;
    const last = acknowledged.at(-1)!;
    while (!read.some((record) => text(record) === last))
      await new Promise((resolve) => setTimeout(resolve, 10));
    over.abort();
    await reading;
    // One batch may have been stored and its answer lost: the SDK sends it again.
    const first = [...new Set(read.map(text))];
    expect(first).toEqual(acknowledged);
    expect(read.length - first.length).toBeLessThanOrEqual(1);
    expect(read.map(({ position }) => position)).toEqual(read.map((_, i) => i));
  });

  it('has what it took when it is closed', async () => {
    await using city = await onePartition();
    const other = await openLog(city.local.connectionString);
    const taken = [1, 2, 3].map((n) => other.append([entry('loop-1', n)]));
    await other.close();
    await Promise.all(taken);
    await expect(other.append([entry('loop-1', 4)])).rejects.toThrow(LogUnavailable);
    expect((await city.records(3)).map(text)).toEqual(['1', '2', '3']);
  });

  it('lets go of what was fetched while a batch is not taken, and goes on where it was', async () => {
    await using city = await onePartition();
    await city.log.append(range(0, 3_000));
    const positions: number[] = [];
    const over = new AbortController();
    for await (const batch of city.log.read(0, -1, over.signal)) {
      positions.push(...batch.records.map(({ position }) => position));
      if (positions.length === batch.records.length) {
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        await city.log.append(range(3_000, 6_000));
      }
      if (positions.length >= 6_000) over.abort();
    }
    expect(positions).toEqual(Array.from({ length: 6_000 }, (_, i) => i));
  });

  it('throws a stale reader off with a higher owner level', async () => {
    await using city = await onePartition();
    await city.log.append([entry('loop-1', 1)]);
    const until = new AbortController();
    const stale = firstBatchThenError(city.log.read(0, -1, until.signal, { level: 4 }));
    await stale.first;
    const fresh = firstBatchThenError(city.log.read(0, -1, until.signal, { level: 5 }));
    await fresh.first;
    await expect(stale.error).resolves.toBeInstanceOf(OwnershipLost);
    const late = firstBatchThenError(city.log.read(0, -1, until.signal, { level: 4 }));
    await expect(late.error).resolves.toBeInstanceOf(OwnershipLost);
    until.abort();
    expect(await fresh.error).toBeUndefined();
  });

  it('names the positions that are gone', async () => {
    await using city = await onePartition();
    for (let n = 0; n < 5; n++) await city.log.append([entry('loop-1', n)]);
    await city.local.stop();
    await damageRecord(city.local.directory, 'loss at 2', 2);
    await city.local.restart();
    const batches: LogBatch[] = [];
    const over = new AbortController();
    for await (const batch of city.log.read(0, -1, over.signal)) {
      batches.push(batch);
      if (batch.records.at(-1)!.position === 4) over.abort();
    }
    expect(batches.flatMap(({ records }) => records).map(({ position }) => position)).toEqual([0, 1, 3, 4]);
    const corrupt: Corruption[] = batches.flatMap((batch) => batch.corrupt);
    expect(corrupt).toEqual([
      { from: 2, to: 2, detail: 'events 2 to 2 of partition 0 of telemetry are gone: retention' },
    ]);
  });

  it('says why it can not be opened', async () => {
    await using city = await onePartition();
    const open = (hub: string) =>
      openEventHubsLog({
        namespace: { connectionString: city.local.connectionString },
        hub,
        consumerGroup: '$Default',
      });
    await expect(open('nowhere')).rejects.toThrow(
      /^can not open hub nowhere at localhost: MessagingEntityNotFoundError: /,
    );
    await expect(
      openEventHubsLog({ namespace: {}, hub: 'telemetry', consumerGroup: '$Default' }),
    ).rejects.toThrow('neither a connection string nor an endpoint');
  });

  it('says that a hub was made anew when it stands behind its reader', async () => {
    await using city = await onePartition();
    await city.log.append([entry('loop-1', 1)]);
    const reading = firstBatchThenError(city.log.read(0, 17, new AbortController().signal));
    expect(String(await reading.error)).toContain('Was the hub made anew?');
  });

  it('spreads devices over partitions as partitionOf says, whole calls at a time', async () => {
    await using local = await localNamespace({ hubs: [{ name: 'telemetry', partitions: 3 }] });
    const log = await openLog(local.connectionString);
    await log.append(Array.from({ length: 30 }, (_, n) => entry(`loop-${n}`, n)));
    const counts = [0, 0, 0];
    for (let n = 0; n < 30; n++) counts[partitionOf(`loop-${n}`, 3)]! += 1;
    expect((await log.ends()).map((end) => end + 1)).toEqual(counts);
    await log.close();
  });
});

const openLog = (connectionString: string): Promise<EventHubsLog> =>
  openEventHubsLog({ namespace: { connectionString }, hub: 'telemetry', consumerGroup: '$Default' });

async function onePartition() {
  const local = await localNamespace({ hubs: [{ name: 'telemetry', partitions: 1 }] });
  const log = await openLog(local.connectionString);
  return {
    local,
    log,
    enqueue: (event: Parameters<ReturnType<typeof local.server>['enqueue']>[1]) =>
      local.server().enqueue('telemetry', event),
    async records(count: number): Promise<LogRecord[]> {
      const read: LogRecord[] = [];
      const enough = new AbortController();
      for await (const batch of log.read(0, -1, enough.signal)) {
        read.push(...batch.records);
        if (read.length >= count) enough.abort();
      }
      return read;
    },
    async [Symbol.asyncDispose]() {
      await log.close();
      await local[Symbol.asyncDispose]();
    },
  };
}

function firstBatchThenError(reading: AsyncIterable<LogBatch>) {
  const first = Promise.withResolvers<LogBatch>();
  const error = (async () => {
    try {
      for await (const batch of reading) first.resolve(batch);
      return undefined;
    } catch (thrown) {
      return thrown;
    }
  })();
  return { first: first.promise, error };
}

/** Changes the payload of one record in the segment behind the endpoint's back. */
async function damageRecord(directory: string, mark: string, n: number): Promise<void> {
  const partition = join(directory, 'telemetry', 'partition-0', 'p0');
  const [segment = ''] = (await readdir(partition)).filter((name) => name.endsWith('.seg'));
  const path = join(partition, segment);
  const bytes = await readFile(path);
  const magic = Buffer.from([0xf5, 0x48, 0x57, 0xfe]);
  let at = -1;
  for (let i = 0; i <= n; i++) at = bytes.indexOf(magic, at + 1);
  bytes.write(mark, at + 40);
  await writeFile(path, bytes);
}

function entry(deviceId: string, n: number): LogEntry {
  return { type: 'telemetry', deviceId, receivedAt: 1_000 + n, domain: LIVE, payload: Buffer.from(`${n}`) };
}

const range = (from: number, to: number): LogEntry[] =>
  Array.from({ length: to - from }, (_, i) => entry('loop-1', from + i));

const text = ({ payload }: LogRecord): string => Buffer.from(payload).toString();
