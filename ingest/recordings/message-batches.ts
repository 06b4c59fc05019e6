import { DAY_MS, HOUR_MS, type Instant } from '#domain/instant.ts';
import type { RecordedMessage } from './recording.ts';

/** One native reading as JSON, and when a receiver could have had it. */
export interface RecordedReading {
  deviceId: string;
  receivedAt: Instant;
  json: string;
  /** Only readings that share this travel together, whatever the span: what is known to have come as one. */
  sharedBy?: string;
}

const MOST_READINGS = 1_000;
/** The door takes 256 KiB a packet; the topic and a margin come off. Characters may be two or three bytes. */
const MOST_CHARACTERS = 80 * 1_024;

/**
 * One message a device and span of `spanMs`, readings in the order they come; cut where the door would find one too
 * large. Holds at most one open message a device.
 */
export async function* messageBatches(
  readings: AsyncIterable<RecordedReading> | Iterable<RecordedReading>,
  spanMs: number,
): AsyncGenerator<RecordedMessage> {
  const open = new Map<string, OpenBatch>();
  for await (const { deviceId, receivedAt, json, sharedBy } of readings) {
    const span = sharedBy ?? Math.ceil(receivedAt / spanMs);
    let batch = open.get(deviceId);
    if (
      batch &&
      (batch.span !== span ||
        batch.parts.length >= MOST_READINGS ||
        batch.characters + json.length > MOST_CHARACTERS)
    ) {
      yield messageOf(deviceId, batch);
      open.delete(deviceId);
      batch = undefined;
    }
    if (!batch) {
      batch = { span, parts: [], characters: 0, receivedAt };
      open.set(deviceId, batch);
    }
    batch.parts.push(json);
    batch.characters += json.length + 1;
    if (receivedAt > batch.receivedAt) batch.receivedAt = receivedAt;
  }
  const rest = [...open].sort((a, b) => a[1].receivedAt - b[1].receivedAt);
  for (const [deviceId, batch] of rest) yield messageOf(deviceId, batch);
}

/** An hour of short intervals, a day of hourly ones: a sensor's buffer. */
export function spanOf(periodS: number): number {
  return periodS <= 900 ? HOUR_MS : DAY_MS;
}

interface OpenBatch {
  span: number | string;
  parts: string[];
  characters: number;
  receivedAt: Instant;
}

function messageOf(deviceId: string, batch: OpenBatch): RecordedMessage {
  return {
    deviceId,
    receivedAt: batch.receivedAt,
    payload: `[${batch.parts.join(',')}]`,
    readings: batch.parts.length,
  };
}
