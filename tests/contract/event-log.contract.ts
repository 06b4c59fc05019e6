import { afterEach, describe, expect, it } from 'vitest';
import { type EventLog, LIVE, type LogEntry, type LogRecord, partitionOf } from '#domain/log.ts';

export interface OpenedLog {
  log: EventLog;
  /** A reader that shares no memory with the writer, where the log has one. */
  reader?: Omit<EventLog, 'append'>;
  dispose(): Promise<void>;
}

/** What every `EventLog` promises. `open` gives an empty log of that many partitions. */
export function eventLogContract(name: string, open: (partitions: number) => Promise<OpenedLog>): void {
  describe(`the event log: ${name}`, () => {
    let opened: OpenedLog | undefined;
    const openLog = async (partitions: number): Promise<OpenedLog> => {
      opened = await open(partitions);
      return opened;
    };
    afterEach(async () => {
      await opened?.dispose();
      opened = undefined;
    });

    it('gives back every field of an entry exactly as it was appended', async () => {
      const { log } = await openLog(1);
      const entries: LogEntry[] = [
        {
          type: 'telemetry',
          deviceId: 'loop-1',
          receivedAt: 1_330_560_000_123,
          domain: LIVE,
          payload: Buffer.from('{"count":3}'),
        },
        {
          type: 'end',
          deviceId: 'Zähler-7 / Ånge 🚦',
          receivedAt: -1,
          domain: 'recording:Götgatan',
          payload: Uint8Array.of(0, 255, 10, 13),
        },
        {
          type: 'readmit',
          deviceId: 'x'.repeat(300),
          receivedAt: 253_402_300_799_999,
          domain: LIVE,
          payload: new Uint8Array(),
        },
      ];
      await log.append(entries);
      const read = await records(log, 0, -1, 3);
      expect(read.map(plain)).toEqual(entries.map((entry, position) => plain({ ...entry, position })));
    });

    it('counts the positions of a partition up from 0 without a gap', async () => {
      const { log } = await openLog(2);
      for (let call = 0; call < 20; call++)
        await log.append(Array.from({ length: 10 }, (_, i) => entry(`d${i}`, call)));
      const ends = await log.ends();
      expect(ends.reduce((sum, end) => sum + end + 1, 0)).toBe(200);
      expect(await log.starts()).toEqual([0, 0]);
      for (const [partition, end] of ends.entries()) {
        const positions = (await records(log, partition, -1, end + 1)).map((record) => record.position);
        expect(positions).toEqual(Array.from({ length: end + 1 }, (_, i) => i));
      }
    });

    it('keeps the order of a device over many calls that run at once', async () => {
      const { log } = await openLog(4);
      const devices = Array.from({ length: 12 }, (_, i) => `device-${i}`);
      const calls: Promise<void>[] = [];
      for (let n = 0; n < 200; n++) calls.push(log.append(devices.map((id) => entry(id, n))));
      await Promise.all(calls);
      const seen = new Map<string, number[]>();
      for (const record of await everything(log))
        seen.set(record.deviceId, [...(seen.get(record.deviceId) ?? []), number(record)]);
      const inOrder = Array.from({ length: 200 }, (_, i) => i);
      for (const id of devices) expect(seen.get(id)).toEqual(inOrder);
    });

    it('puts a device where partitionOf says', async () => {
      const { log } = await openLog(3);
      const devices = Array.from({ length: 40 }, (_, i) => `bus-${i}`);
      await log.append(devices.map((id) => entry(id, 0)));
      let met = 0;
      for (const [partition, end] of (await log.ends()).entries())
        for (const record of end < 0 ? [] : await records(log, partition, -1, end + 1)) {
          expect(partitionOf(record.deviceId, 3)).toBe(partition);
          met += 1;
        }
      expect(met).toBe(40);
    });

    it('puts what is about a partition into that partition, whatever its device', async () => {
      const { log } = await openLog(3);
      for (const partition of [2, 0, 1])
        await log.append([entry('bus-1', partition), entry('bus-2', partition)], partition);
      expect(await log.ends()).toEqual([1, 1, 1]);
      for (const partition of [0, 1, 2])
        expect((await records(log, partition, -1, 2)).map(number)).toEqual([partition, partition]);
    });

    it('has a record in its durable part when append resolves', async () => {
      const { log, reader } = await openLog(1);
      expect(await log.ends()).toEqual([-1]);
      for (let n = 0; n < 5; n++) {
        await log.append([entry('a', n)]);
        expect((await log.ends())[0]).toBe(n);
        expect((await (reader ?? log).ends())[0]).toBe(n);
      }
    });

    it('resumes after any position', async () => {
      const { log } = await openLog(1);
      await log.append(Array.from({ length: 50 }, (_, n) => entry('a', n)));
      for (const after of [-1, 0, 24, 48]) {
        const read = await records(log, 0, after, 49 - after);
        expect(read.map((record) => record.position)).toEqual(
          Array.from({ length: 49 - after }, (_, i) => after + 1 + i),
        );
        expect(read.map(number)).toEqual(read.map((record) => record.position));
      }
    });

    it('waits at the end for what is appended later', async () => {
      const { log, reader } = await openLog(1);
      await log.append([entry('a', 0)]);
      for (const source of [log, reader ?? log]) {
        const after = (await log.ends())[0]!;
        const waiting = records(source, 0, after, 2);
        await log.append([entry('a', 1)]);
        await log.append([entry('a', 2)]);
        expect((await waiting).map(number)).toEqual([1, 2]);
      }
    });

    it('reads while it is written, nothing twice and nothing left out', async () => {
      const { log, reader } = await openLog(1);
      const total = 3_000;
      const reading = [log, log, reader ?? log].map((source) => records(source, 0, -1, total));
      for (let n = 0; n < total; ) {
        const calls: Promise<void>[] = [];
        for (let call = 0; call < 20; call++)
          calls.push(log.append(Array.from({ length: 15 }, () => entry('a', n++))));
        await Promise.all(calls);
      }
      for (const read of await Promise.all(reading))
        expect(read.map(number)).toEqual(Array.from({ length: total }, (_, i) => i));
    });

    it('ends a read quietly on abort, waiting or not', async () => {
      const { log, reader } = await openLog(1);
      await log.append([entry('a', 0)]);
      for (const source of [log, reader ?? log]) {
        const abort = new AbortController();
        let batches = 0;
        const reading = (async () => {
          for await (const batch of source.read(0, -1, abort.signal)) batches += batch.records.length;
        })();
        while (batches === 0) await new Promise((resolve) => setTimeout(resolve, 5));
        await new Promise((resolve) => setTimeout(resolve, 50));
        abort.abort();
        await reading;
        expect(batches).toBe(1);
        for await (const _ of source.read(0, -1, AbortSignal.abort())) expect.unreachable();
      }
    });

    it('keeps payloads of 256 KiB and of nothing', async () => {
      const { log } = await openLog(1);
      const big = Buffer.alloc(256 * 1024, 'headway ');
      await log.append([withPayload(big), withPayload(new Uint8Array()), withPayload(big)]);
      const read = await records(log, 0, -1, 3);
      expect(read.map((record) => record.payload.length)).toEqual([big.length, 0, big.length]);
      expect(Buffer.compare(read[0]!.payload, big)).toBe(0);
      expect(Buffer.compare(read[2]!.payload, big)).toBe(0);
    });

    it('takes an empty append and leaves no trace of it', async () => {
      const { log } = await openLog(1);
      await log.append([]);
      expect(await log.ends()).toEqual([-1]);
    });

    it('does not change a batch that is held while more is read', async () => {
      const { log } = await openLog(1);
      await log.append(Array.from({ length: 9_000 }, (_, n) => entry('a', n)));
      const read = await records(log, 0, -1, 9_000);
      expect(read.map(number)).toEqual(Array.from({ length: 9_000 }, (_, i) => i));
    });
  });
}

function entry(deviceId: string, n: number): LogEntry {
  return { type: 'telemetry', deviceId, receivedAt: 1_000 + n, domain: LIVE, payload: Buffer.from(`${n}`) };
}

function withPayload(payload: Uint8Array): LogEntry {
  return { ...entry('a', 0), payload };
}

const number = (record: LogRecord): number => Number(Buffer.from(record.payload).toString());

const plain = (record: LogRecord) => ({ ...record, payload: Buffer.from(record.payload).toString('hex') });

/** The next `count` records; fails when the log names a corruption. */
async function records(
  log: Pick<EventLog, 'read'>,
  partition: number,
  after: number,
  count: number,
): Promise<LogRecord[]> {
  const read: LogRecord[] = [];
  const enough = new AbortController();
  for await (const batch of log.read(partition, after, enough.signal)) {
    expect(batch.partition).toBe(partition);
    expect(batch.corrupt).toEqual([]);
    read.push(...batch.records);
    if (read.length >= count) enough.abort();
  }
  expect(read.length).toBe(count);
  return read;
}

async function everything(log: EventLog): Promise<LogRecord[]> {
  const read: LogRecord[] = [];
  for (const [partition, end] of (await log.ends()).entries())
    if (end >= 0) read.push(...(await records(log, partition, -1, end + 1)));
  return read;
}
