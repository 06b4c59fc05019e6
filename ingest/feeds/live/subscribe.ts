import mqtt, { type IPublishPacket } from 'mqtt';
import type { Instant } from '#domain/instant.ts';
import type { ForeignMessage } from '../feed.ts';

export interface SubscribeOptions {
  /** `mqtt://`, `mqtts://`, `ws://` or `wss://`; name and password may stand in it. */
  url: string;
  topics: readonly string[];
  clock: () => Instant;
  signal: AbortSignal;
  /** What goes wrong while it goes on trying. */
  onTrouble(message: string): void;
}

/** While so many wait, nothing more is read from the broker. */
const MOST_WAITING = 10_000;
/** A second without a message: what was heard may leave. */
const IDLE_MS = 1_000;
const RECONNECT_MS = 2_000;

/**
 * What a broker's topics bring, at QoS 1 where it was sent so. A message is acknowledged when it is taken here, not when
 * it is in the log: a feed that is killed loses what waits in it. `undefined` says that a second passed without one.
 */
export async function* subscribe(options: SubscribeOptions): AsyncGenerator<ForeignMessage | undefined> {
  const { signal, clock, topics } = options;
  const waiting: ForeignMessage[] = [];
  let wake = () => {};
  let room = () => {};
  const client = mqtt.connect(options.url, { reconnectPeriod: RECONNECT_MS, keepalive: 30 });
  client.on('connect', () => {
    client.subscribe([...topics], { qos: 1 }, (error) => {
      if (error) options.onTrouble(`the broker refused the subscription: ${error.message}`);
    });
  });
  client.on('error', (error) => options.onTrouble(error.message));
  client.on('close', () => {
    if (!signal.aborted) options.onTrouble(`no connection to the broker, trying again in ${RECONNECT_MS} ms`);
  });
  client.handleMessage = (packet, next) => {
    const { topic, payload } = packet as IPublishPacket;
    waiting.push({ receivedAt: clock(), source: topic, body: Buffer.from(payload) });
    wake();
    if (waiting.length < MOST_WAITING) next();
    else room = () => next();
  };
  const stop = () => wake();
  signal.addEventListener('abort', stop);
  try {
    while (!signal.aborted) {
      const taken = waiting.splice(0);
      room();
      room = () => {};
      yield* taken;
      if (waiting.length > 0 || signal.aborted) continue;
      const idle = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(true), IDLE_MS);
        wake = () => {
          clearTimeout(timer);
          resolve(false);
        };
      });
      if (idle) yield undefined;
    }
    yield* waiting;
  } finally {
    signal.removeEventListener('abort', stop);
    await client.endAsync(true);
  }
}
