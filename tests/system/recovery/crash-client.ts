import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ackParser, connectBytes, publishTemplate } from './load-packets.ts';

const WINDOW = 20;

/** What the client knows of one device: the nth reading was sent for each n below `sent`. */
export interface SenderRecord {
  deviceId: string;
  sent: number;
  /** Sent and not acknowledged. */
  waiting: Set<number>;
  /** Not acknowledged when the pipeline died, at least once. */
  inFlightAtCrash: Set<number>;
  /** Of those, the ones that were never sent again: acknowledged never, counted perhaps. */
  abandoned: Set<number>;
}

export interface CrashClient {
  records: readonly SenderRecord[];
  /** All connected, and what was not acknowledged sent again, byte for byte; new readings follow while loading. */
  connect(port: number): Promise<void>;
  /** Whether acknowledgements are answered with new readings. */
  load(on: boolean): void;
  /** Resolves when the pipeline's death has reached every connection. */
  lost(): Promise<void>;
  /** Gives up what this device has in flight. */
  abandon(sender: number): void;
  /** Resolves when everything is acknowledged; then leaves. */
  settle(): Promise<void>;
}

/** QoS 1 senders that keep a record of what they were promised: each device on its own connection. */
export function crashClient(deviceIds: readonly string[], first: number): CrashClient {
  let loading = false;
  const senders = deviceIds.map((deviceId) => sender(deviceId, first, () => loading));
  return {
    records: senders.map((s) => s.record),
    connect: async (port) => {
      await Promise.all(senders.map((s) => s.connect(port)));
    },
    load: (on) => {
      loading = on;
      if (on) for (const s of senders) s.fill();
    },
    lost: async () => {
      await Promise.all(senders.map((s) => s.closed()));
      for (const { record } of senders) for (const n of record.waiting) record.inFlightAtCrash.add(n);
    },
    abandon: (i) => {
      const { record } = senders[i]!;
      for (const n of record.waiting) record.abandoned.add(n);
      record.waiting.clear();
    },
    settle: async () => {
      loading = false;
      const owed = () => senders.reduce((sum, s) => sum + s.record.waiting.size, 0);
      for (const end = Date.now() + 20_000; owed() > 0; await sleep(10))
        if (Date.now() > end) throw new Error(`${owed()} readings were not acknowledged within 20 s`);
      for (const s of senders) s.leave();
    },
  };
}

function sender(deviceId: string, first: number, isLoading: () => boolean) {
  const template = publishTemplate(deviceId, false);
  const size = template.bytes.length;
  const record: SenderRecord = {
    deviceId,
    sent: 0,
    waiting: new Set(),
    inFlightAtCrash: new Set(),
    abandoned: new Set(),
  };
  let socket: Socket | undefined;
  let closed: Promise<unknown> = Promise.resolve();

  const write = (numbers: readonly number[]): void => {
    const bytes = Buffer.allocUnsafe(numbers.length * size);
    // A message id is told from the number alone, so an acknowledgement of any connection names its reading.
    for (const [i, n] of numbers.entries()) template.write(bytes, i * size, messageId(n), n, first);
    socket!.write(bytes);
  };

  const fill = (): void => {
    if (!isLoading() || !socket || record.waiting.size >= WINDOW) return;
    const numbers: number[] = [];
    while (record.waiting.size < WINDOW) {
      numbers.push(record.sent);
      record.waiting.add(record.sent++);
    }
    write(numbers);
  };

  const acknowledged = (id: number): void => {
    for (const n of record.waiting) {
      if (messageId(n) !== id) continue;
      record.waiting.delete(n);
      return;
    }
  };

  return {
    record,
    fill,
    connect: async (port: number): Promise<void> => {
      const own = connect({ port, host: '127.0.0.1', noDelay: true });
      const parse = ackParser(acknowledged);
      let ready = false;
      closed = new Promise((resolve) => own.once('close', resolve));
      own.on('error', () => {});
      own.write(connectBytes(deviceId));
      await new Promise<void>((resolve, reject) => {
        own.once('close', () => reject(new Error(`${deviceId} was closed before it could send`)));
        own.on('data', (chunk: Buffer) => {
          parse(ready ? chunk : chunk.subarray(4));
          if (ready) fill();
          ready = true;
          resolve();
        });
      });
      socket = own;
      if (record.waiting.size > 0) write([...record.waiting]);
      fill();
    },
    closed: async () => {
      await closed;
      socket = undefined;
    },
    leave: () => socket?.end(Buffer.from([0xe0, 0])),
  };
}

const messageId = (n: number): number => 1 + (n % 65_535);
