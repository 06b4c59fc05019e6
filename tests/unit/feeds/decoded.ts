import type { Decoded, FedReading, Feed, ForeignMessage } from '#ingest/feeds/feed.ts';
import { type FeedMessage, feedMessages } from '#ingest/feeds/feed-messages.ts';

/** One message through a new decoder. */
export function decodeOne(
  feed: Feed,
  message: Partial<Omit<ForeignMessage, 'body'>> & { body: string | Uint8Array },
  timezone = 'UTC',
): Decoded {
  const { body } = message;
  return feed.decoder({ timezone })({
    receivedAt: 0,
    source: '',
    ...message,
    body: typeof body === 'string' ? Buffer.from(body) : body,
  });
}

export function readingsOf(decoded: Decoded): FedReading[] {
  return decoded.readings.map((r) => r.reading);
}

export function reasonsOf(decoded: Decoded): string[] {
  return decoded.unusable.map((u) => u.reason);
}

/** All that a feed logs of these messages. */
export async function loggedBy(
  feed: Feed,
  messages: AsyncIterable<ForeignMessage> | readonly ForeignMessage[],
  timezone = 'UTC',
): Promise<FeedMessage[]> {
  const logged: FeedMessage[] = [];
  const options = { feed, timezone, deviceId: 'feed', sensorDeviceId: (id: string) => `feed:${id}` };
  for await (const message of feedMessages(messages, options)) logged.push(message);
  return logged;
}

/** Of the logged messages that are readings. */
export function nativeReadings(logged: readonly FeedMessage[]): FedReading[] {
  return logged.flatMap(({ payload }) =>
    typeof payload === 'string' && payload.startsWith('[{"kind"')
      ? (JSON.parse(payload) as FedReading[])
      : [],
  );
}
