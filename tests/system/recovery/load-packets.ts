import { formatInstant, MINUTE_MS } from '#domain/instant.ts';
import { countOf, laneOf, minuteOf } from './load-reading.ts';
import { keyOf } from './run-pipeline.ts';

export function connectBytes(deviceId: string): Buffer {
  const level = Buffer.from([4, 0xc2, 0, 60]);
  return packet(
    0x10,
    Buffer.concat([text('MQTT'), level, ...[deviceId, deviceId, keyOf(deviceId)].map(text)]),
  );
}

/** A PUBLISH of one minute's reading, of which only the figures are written anew. */
export interface PublishTemplate {
  bytes: Buffer;
  /** Writes the device's nth reading (see load-reading.ts) at `at`. */
  write(into: Buffer, at: number, messageId: number, n: number, first: number): void;
}

/** What a loop sends; with `receivedAt` as a recorder passes it on. */
export function publishTemplate(deviceId: string, receivedAt: boolean): PublishTemplate {
  const reading = `{"kind":"traffic-flow","observedAt":"${MINUTE_MARK}:00Z","periodS":60,"lane":L,"count":CC,"counts":{"car":2,"truck":1},"speedKmh":8V.4,"occupancy":0.1O3,"seq":SSSSSS}`;
  const topic = `headway/v1/${deviceId}/telemetry${receivedAt ? `/receivedAt=${MINUTE_MARK}:59Z` : ''}`;
  const bytes = packet(0x32, Buffer.concat([text(topic), Buffer.from([0, 0]), Buffer.from(reading)]));
  const idAt = bytes.length - reading.length - 2;
  const find = (mark: string) => bytes.lastIndexOf(mark);
  const [minuteAt, laneAt, countAt, speedAt, occupancyAt, seqAt] = [
    find(MINUTE_MARK),
    find('"lane":L') + 7,
    find('CC'),
    find('8V.4') + 1,
    find('0.1O3') + 3,
    find('SSSSSS'),
  ] as const;
  const receivedMinuteAt = receivedAt ? bytes.indexOf(MINUTE_MARK) : -1;
  return {
    bytes,
    write: (into, at, messageId, n, first) => {
      bytes.copy(into, at);
      into[at + idAt] = messageId >> 8;
      into[at + idAt + 1] = messageId & 0xff;
      const minuteText = minuteBytes(minuteOf(n, first));
      minuteText.copy(into, at + minuteAt);
      if (receivedMinuteAt >= 0) minuteText.copy(into, at + receivedMinuteAt);
      into[at + laneAt] = ZERO + laneOf(n);
      const count = countOf(n);
      into[at + countAt] = ZERO + Math.floor(count / 10);
      into[at + countAt + 1] = ZERO + (count % 10);
      into[at + speedAt] = ZERO + (n % 9);
      into[at + occupancyAt] = ZERO + (n % 8);
      for (let i = 5, rest = 100_000 + (n % 900_000); i >= 0; i--, rest = Math.floor(rest / 10))
        into[at + seqAt + i] = ZERO + (rest % 10);
    },
  };
}

/** Calls for each PUBACK in a stream of nothing else. */
export function ackParser(acknowledged: (messageId: number) => void): (chunk: Buffer) => void {
  let held: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const bytes = held.length > 0 ? Buffer.concat([held, chunk]) : chunk;
    const whole = bytes.length & ~3;
    for (let at = 0; at < whole; at += 4) {
      if (bytes[at] !== 0x40) throw new Error(`not a PUBACK: ${bytes.subarray(at, at + 4).toString('hex')}`);
      acknowledged((bytes[at + 2]! << 8) | bytes[at + 3]!);
    }
    held = Buffer.from(bytes.subarray(whole));
  };
}

const ZERO = 48;
const MINUTE_MARK = 'YYYY-MM-DDTHH:MM';
const minuteTexts = new Map<number, Buffer>();

function minuteBytes(minute: number): Buffer {
  let bytes = minuteTexts.get(minute);
  if (!bytes) {
    bytes = Buffer.from(formatInstant(minute * MINUTE_MS).slice(0, MINUTE_MARK.length));
    minuteTexts.set(minute, bytes);
  }
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

function packet(type: number, body: Buffer): Buffer {
  const { length } = body;
  const header = length < 128 ? [type, length] : [type, (length & 0x7f) | 0x80, length >> 7];
  return Buffer.concat([Buffer.from(header), body]);
}
