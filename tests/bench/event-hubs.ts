import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { EventHubProducerClient } from '@azure/event-hubs';
import { LIVE, type LogEntry } from '#domain/log.ts';
import { eventOf } from '#infra/event-hubs/event-record.ts';
import { type EventHubsLog, openEventHubsLog } from '#infra/event-hubs/open-event-hubs-log.ts';
import type { Bench, BenchRow, Scale } from './bench-row.ts';
import type { BenchEndpoint } from './event-hubs-endpoint.ts';

const SECOND_MS = 1_000;
const HUB = 'telemetry';
const PARTITIONS = 4;
const CALL_RECORDS = 500;
const CALLS_IN_FLIGHT = 12;
const BATCH_EVENTS = 1_000;

/** One reading, as a device of a city sends it. */
const payload = Buffer.from(
  '[{"kind":"traffic-flow","observedAt":"2026-03-02T08:00:00Z","periodS":30,"lane":1,"count":12,"speedKmh":71.4,"occupancy":0.12}]',
);

/** The log on Event Hubs, beside what the SDK alone sends where nothing is kept. */
export const eventHubsBench: Bench = {
  name: 'event-hubs',
  run: async (scale: Scale): Promise<BenchRow[]> => [
    await withEndpoint('empty', (connectionString) => sdkAlone(connectionString, scale)),
    ...(await withEndpoint('local', (connectionString) => appendAndRead(connectionString, scale))),
  ],
};

async function sdkAlone(connectionString: string, scale: Scale): Promise<BenchRow> {
  const producer = new EventHubProducerClient(connectionString, HUB);
  const events = entries().slice(0, BATCH_EVENTS).map(eventOf);
  const send = async (partitionId: string, batches: number): Promise<void> => {
    for (let n = 0; n < batches; n++) {
      const batch = await producer.createBatch({ partitionId });
      for (const event of events) batch.tryAdd(event);
      await producer.sendBatch(batch);
    }
  };
  const all = (batches: number) =>
    Promise.all(Array.from({ length: PARTITIONS }, (_, i) => send(String(i), batches)));
  await all(3); // warm-up
  const batches = scale === 'full' ? 50 : 10;
  const started = performance.now();
  await all(batches);
  const value = (PARTITIONS * batches * BATCH_EVENTS) / elapsedS(started);
  await producer.close();
  return { name: 'Event Hubs: the SDK against an empty endpoint, batches of 1,000', value, unit: 'events/s' };
}

async function appendAndRead(connectionString: string, scale: Scale): Promise<BenchRow[]> {
  const log = await openEventHubsLog({
    namespace: { connectionString },
    hub: HUB,
    consumerGroup: '$Default',
  });
  const records = scale === 'full' ? 200_000 : 40_000;
  await append(log, records / 10); // warm-up
  const before = process.cpuUsage();
  const started = performance.now();
  await append(log, records);
  const appendS = elapsedS(started);
  const appended = process.cpuUsage(before);

  const readBefore = process.cpuUsage();
  const readStarted = performance.now();
  const read = await readAll(log);
  const readS = elapsedS(readStarted);
  const reading = process.cpuUsage(readBefore);
  await log.close();
  const each = ({ user, system }: NodeJS.CpuUsage, count: number): number => (user + system) / count;
  return [
    { name: 'Event Hubs: append', value: records / appendS, unit: 'events/s', atLeast: 50_000 },
    { name: 'Event Hubs: append, processor time', value: each(appended, records), unit: 'µs/event' },
    { name: 'Event Hubs: read, four partitions', value: read / readS, unit: 'events/s' },
    { name: 'Event Hubs: read, processor time', value: each(reading, read), unit: 'µs/event' },
  ];
}

async function append(log: EventHubsLog, records: number): Promise<void> {
  const all = entries();
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < records) {
      const from = next % all.length;
      next += CALL_RECORDS;
      await log.append(all.slice(from, from + CALL_RECORDS));
    }
  };
  await Promise.all(Array.from({ length: CALLS_IN_FLIGHT }, caller));
}

async function readAll(log: EventHubsLog): Promise<number> {
  let read = 0;
  await Promise.all(
    (await log.ends()).map(async (end, partition) => {
      const enough = new AbortController();
      for await (const { records } of log.read(partition, -1, enough.signal)) {
        read += records.length;
        if ((records.at(-1)?.position ?? -1) >= end) enough.abort();
      }
    }),
  );
  return read;
}

const entries = (): LogEntry[] =>
  Array.from({ length: 10_000 }, (_, i) => ({
    type: 'telemetry',
    deviceId: `loop-${String(i).padStart(5, '0')}`,
    receivedAt: 1_772_000_000_000 + i,
    domain: LIVE,
    payload,
  }));

async function withEndpoint<T>(kind: 'empty' | 'local', use: (connectionString: string) => Promise<T>) {
  const child = fork(join(import.meta.dirname, 'event-hubs-endpoint.ts'), [kind]);
  try {
    const [{ connectionString }] = (await once(child, 'message')) as [BenchEndpoint];
    return await use(connectionString);
  } finally {
    child.disconnect();
    await once(child, 'exit');
  }
}

const elapsedS = (started: number): number => (performance.now() - started) / SECOND_MS;
