import { type Instant, MINUTE_MS, SECOND_MS } from '#domain/instant.ts';
import type { FedReading, Feed, ForeignMessage, Unusable } from './feed.ts';
import { feedAccount } from './feed-account.ts';
import { unusablePayload } from './unusable-payload.ts';

/** What a feed logs: native readings as a JSON array, or something it could not use, as an `UnusableMessage`. */
export interface FeedMessage {
  deviceId: string;
  receivedAt: Instant;
  payload: string;
  readings: number;
}

export interface FeedMessagesOptions {
  feed: Feed;
  timezone: string;
  /** The feed as a device. */
  deviceId: string;
  /** Of a sensor that the feed carries. */
  sensorDeviceId(sensorId: string): string;
  onUnusable?: (unusable: Unusable) => void;
  onMended?: (reason: string, count: number, message: ForeignMessage) => void;
}

const MOST_READINGS = 1_000;
/** The door takes 256 KiB a packet; characters may be three bytes. */
const MOST_CHARACTERS = 80 * 1_024;

/**
 * What a feed logs of the messages it hears, in their order. Readings received within the same second travel in one
 * message, and are received when the last of them was. `undefined` says that nothing came for a while: what waits leaves.
 */
export async function* feedMessages(
  messages: AsyncIterable<ForeignMessage | undefined> | Iterable<ForeignMessage | undefined>,
  options: FeedMessagesOptions,
): AsyncGenerator<FeedMessage> {
  const { feed, deviceId } = options;
  const decode = feed.decoder({ timezone: options.timezone });
  const account = feedAccount();
  const version = `${feed.name}/${feed.version}`;
  const open = new Map<string, OpenBatch>();
  let second = Number.NaN;

  function* flush(): Generator<FeedMessage> {
    for (const [id, batch] of open) yield messageOf(id, batch);
    open.clear();
  }
  function* put(id: string, reading: FedReading, receivedAt: Instant): Generator<FeedMessage> {
    const json = JSON.stringify({ ...reading, feed: version });
    let batch = open.get(id);
    if (batch && (batch.parts.length >= MOST_READINGS || batch.characters + json.length > MOST_CHARACTERS)) {
      yield messageOf(id, batch);
      batch = undefined;
    }
    if (!batch) {
      batch = { parts: [], characters: 0, receivedAt };
      open.set(id, batch);
    }
    batch.parts.push(json);
    batch.characters += json.length + 1;
    batch.receivedAt = Math.max(batch.receivedAt, receivedAt);
  }

  function* tell(): Generator<FeedMessage> {
    const status = account.tell();
    if (status) yield* put(deviceId, status, Date.parse(status.observedAt));
  }

  for await (const message of messages) {
    if (message === undefined) {
      yield* flush();
      continue;
    }
    const { receivedAt } = message;
    const since = account.heardSince();
    if (since !== undefined && Math.floor(receivedAt / MINUTE_MS) !== Math.floor(since / MINUTE_MS)) {
      yield* tell();
    }
    if (Math.floor(receivedAt / SECOND_MS) !== second) {
      yield* flush();
      second = Math.floor(receivedAt / SECOND_MS);
    }
    const decoded = decode(message);
    account.add(decoded, message);
    for (const [reason, n] of decoded.mended) options.onMended?.(reason, n, message);
    for (const { sensorId, reading } of decoded.readings) {
      yield* put(sensorId === undefined ? deviceId : options.sensorDeviceId(sensorId), reading, receivedAt);
    }
    if (decoded.unusable.length > 0) yield* flush();
    for (const unusable of decoded.unusable) {
      options.onUnusable?.(unusable);
      yield { deviceId, receivedAt, payload: unusablePayload(unusable, version), readings: 1 };
    }
    if (feed.reports === 'each-message') {
      yield* tell();
      yield* flush();
    }
  }
  yield* tell();
  yield* flush();
}

interface OpenBatch {
  parts: string[];
  characters: number;
  receivedAt: Instant;
}

function messageOf(deviceId: string, batch: OpenBatch): FeedMessage {
  return {
    deviceId,
    receivedAt: batch.receivedAt,
    payload: `[${batch.parts.join(',')}]`,
    readings: batch.parts.length,
  };
}
