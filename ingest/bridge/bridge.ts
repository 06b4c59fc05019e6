import type { Duplex } from 'node:stream';
import mqtt, { type MqttClient } from 'mqtt';
import { generate, type IPublishPacket } from 'mqtt-packet';
import type { Instant } from '#domain/instant.ts';
import { type EventLog, LIVE } from '#domain/log.ts';
import { durableIntake, type Owed } from '../gateway/durable-intake.ts';
import { gatewayLimits } from '../gateway/gateway-limits.ts';
import type { TopicTemplate } from './topic-template.ts';

export interface BridgeOptions {
  log: Pick<EventLog, 'append'>;
  /** `mqtt://`, `mqtts://`, `ws://` or `wss://`. */
  url: string;
  username?: string | undefined;
  password?: string | undefined;
  /** The broker keeps by this name what we have not acknowledged; of two with one name, one is thrown off. */
  clientId: string;
  /** To subscribe to at QoS 1. */
  filters: readonly string[];
  template: TopicTemplate;
  clock: () => Instant;
  /** A message that can not be taken: it is acknowledged, so that it does not come for ever, and counted here. */
  unusable(reason: UnusableReason): void;
  /** What goes wrong while the bridge goes on trying. */
  onTrouble(message: string): void;
}

/** No level of its topic names a device; or it is longer than a message may be. */
export type UnusableReason = 'topic-without-device' | 'too-large';

export interface Bridge {
  stats(): { taken: number; durable: number; connected: boolean };
  /** Resolves when what was taken is in the log and acknowledged; what comes later stays at the broker. */
  stop(): Promise<void>;
}

/** On their way to the log; while there are so many, nothing more is read from the broker. */
const limits = { inFlightMessages: 4_096, inFlightBytes: 16 * 1024 * 1024 };

const RECONNECT_FROM_MS = 500;
const RECONNECT_AT_MOST_MS = 30_000;
const LEAVES_WITHIN_MS = 2_000;

/** To mqtt.js: go on with the next packet, this one is not acknowledged yet. */
const later = new Error('acknowledged once the log has it');

/**
 * Brings what a broker's devices publish into the log. Each message is acknowledged once it is durable there: whatever
 * of the two is away, the broker keeps it, and what it sends again admission finds to be a duplicate. Messages that
 * their senders gave QoS 0 are promised by nobody.
 * @throws where the broker's first answer is a refusal.
 */
export async function startBridge(options: BridgeOptions): Promise<Bridge> {
  const { template, clock, unusable, onTrouble } = options;
  const intake = durableIntake(options.log, limits);
  let stopping = false;

  const client = mqtt.connect(options.url, {
    clientId: options.clientId,
    clean: false,
    resubscribe: false,
    reconnectPeriod: RECONNECT_FROM_MS,
    keepalive: 30,
    ...(options.username === undefined ? {} : { username: options.username }),
    ...(options.password === undefined ? {} : { password: options.password }),
  });
  let connection = connectionOf(client, logUnavailable);

  client.handleMessage = (packet, next) => {
    if (stopping) return;
    if (client.stream !== connection.stream) connection = connectionOf(client, logUnavailable);
    take(packet as IPublishPacket, connection);
    const go = (): void => next(packet.qos > 0 ? later : undefined);
    if (intake.isFull()) intake.whenRoom(go);
    else go();
  };

  function take(packet: IPublishPacket, from: Connection): void {
    const { topic, payload, qos, messageId } = packet;
    const deviceId = template.deviceOf(topic);
    const reason =
      deviceId === undefined
        ? 'topic-without-device'
        : payload.length > gatewayLimits.payloadBytes
          ? 'too-large'
          : undefined;
    const owedId = qos > 0 ? messageId! : 0;
    if (deviceId === undefined || reason !== undefined) {
      unusable(reason!);
      if (owedId > 0) from.acknowledge([owedId]);
      return;
    }
    const entry = {
      type: 'telemetry' as const,
      deviceId,
      receivedAt: clock(),
      domain: LIVE,
      payload: Buffer.from(payload),
    };
    intake.take(entry, from.owed, owedId);
  }

  /** There is no saying no in MQTT: on a new connection the broker sends all of it again. */
  function logUnavailable(stream: Duplex): void {
    if (client.stream !== stream || stream.destroyed) return;
    onTrouble(
      `the log takes nothing\n  detail: ${intake.stats().lastError}\n  hint: the broker keeps what comes meanwhile`,
    );
    stream.destroy();
  }

  let durableBefore = 0;
  client.on('close', () => {
    const { durable } = intake.stats();
    const hadLuck = durable > durableBefore;
    durableBefore = durable;
    const { reconnectPeriod } = client.options;
    client.options.reconnectPeriod = hadLuck
      ? RECONNECT_FROM_MS
      : Math.min(2 * reconnectPeriod!, RECONNECT_AT_MOST_MS);
    if (!stopping)
      onTrouble(
        `no connection to the broker ${options.url}, will try again in ${client.options.reconnectPeriod} ms`,
      );
  });

  await subscribed(client, options);
  return {
    stats: () => {
      const { taken, durable } = intake.stats();
      return { taken, durable, connected: client.connected };
    },
    stop: async () => {
      stopping = true;
      await intake.settled();
      const gaveUp = setTimeout(() => client.end(true), LEAVES_WITHIN_MS);
      await client.endAsync(!client.connected);
      clearTimeout(gaveUp);
    },
  };
}

/** Resolves when the broker has once taken the subscription; and again on each connection, silently. */
async function subscribed(client: MqttClient, { url, filters, onTrouble }: BridgeOptions): Promise<void> {
  const first = Promise.withResolvers<void>();
  client.on('connect', () => {
    client
      .subscribeAsync([...filters], { qos: 1 })
      .then((granted) => {
        const refused = granted.filter(({ qos }) => qos === 128).map(({ topic }) => topic);
        if (refused.length > 0) throw new Error(`it refuses ${refused.join(', ')}`);
        first.resolve();
      })
      .catch((error: Error) => onTrouble(`could not subscribe at the broker ${url}: ${error.message}`));
  });
  client.on('error', (error) => {
    const { code } = error as { code?: unknown };
    // What the broker itself says, not the network: wrong password, not allowed.
    if (typeof code === 'number') first.reject(new Error(`the broker ${url} refuses us: ${error.message}`));
    onTrouble(`the broker ${url}: ${error.message}`);
  });
  try {
    await first.promise;
  } catch (error) {
    await client.endAsync(true);
    throw error;
  }
}

/** What is owed to the broker on one connection: message ids mean nothing on the next. */
interface Connection {
  stream: Duplex;
  owed: Owed;
  acknowledge(messageIds: readonly number[]): void;
}

function connectionOf(client: MqttClient, logUnavailable: (stream: Duplex) => void): Connection {
  const stream = client.stream as Duplex;
  const acknowledge = (messageIds: readonly number[]): void => {
    if (stream.destroyed || client.stream !== stream) return;
    stream.write(Buffer.concat(messageIds.map((messageId) => generate({ cmd: 'puback', messageId }))));
  };
  const durable: number[] = [];
  return {
    stream,
    acknowledge,
    owed: {
      durable,
      acknowledge: () => acknowledge(durable.splice(0)),
      logUnavailable: () => logUnavailable(stream),
    },
  };
}
