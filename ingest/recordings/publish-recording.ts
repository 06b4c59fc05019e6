import { formatInstant, type Instant } from '#domain/instant.ts';
import { partitionOf } from '#domain/log.ts';
import { type Pace, type PaceClock, pacer, realClock } from './pace.ts';
import { connectPublisher, type PublisherConnection } from './publisher-connection.ts';

/** A message as `RecordedMessage` has it; the payload may also be bytes. */
export interface PublishableMessage {
  deviceId: string;
  receivedAt: Instant;
  payload: string | Uint8Array;
  readings: number;
}

export interface PublishOptions {
  messages: AsyncIterable<PublishableMessage> | Iterable<PublishableMessage>;
  host: string;
  port: number;
  /** A registered device of role 'recorder'; it sends for the devices of its own clock domain. */
  recorderId: string;
  key: string;
  /** How many connections share the devices; each device keeps to one, so its messages keep their order. */
  connections?: number;
  pace?: Pace;
  /** End each device's recording after its last message, so that its windows close. On unless false. */
  end?: boolean;
  /** Sent so far; called every few hundred messages and at the end. */
  onProgress?: (messages: number, readings: number) => void;
  /** Stops at once: rejects with its reason, and ends no device. */
  signal?: AbortSignal;
  clock?: PaceClock;
}

export interface Published {
  messages: number;
  readings: number;
  /** Messages and end records that the gateway has made durable: on return, all of them. */
  acknowledged: number;
  devices: number;
}

const WINDOW_MESSAGES = 100;
const WINDOW_BYTES = 4 * 1_024 * 1_024;
const PROGRESS_EVERY = 256;

/**
 * Sends messages through the same MQTT door as live devices, as a recorder, QoS 1. Resolves once all is acknowledged.
 * @throws RecordingFault when nobody listens, the recorder is refused or the gateway closes a connection.
 */
export async function publishRecording(options: PublishOptions): Promise<Published> {
  const { messages, recorderId, key, host, port, signal, onProgress } = options;
  signal?.throwIfAborted();
  const connections = await connectAll(options.connections ?? 4, (n) =>
    connectPublisher({
      host,
      port,
      clientId: `${recorderId}/${n}`,
      username: recorderId,
      password: key,
      windowMessages: WINDOW_MESSAGES,
      windowBytes: WINDOW_BYTES,
    }),
  );
  const abort = () => failAll(connections, signal?.reason);
  signal?.addEventListener('abort', abort);

  const waitUntilDue = pacer(options.pace ?? 'max', options.clock ?? realClock, signal);
  const lastReceivedAt = new Map<string, Instant>();
  const sent = { messages: 0, readings: 0 };
  const send = async (deviceId: string, properties: string, payload: string | Uint8Array): Promise<void> => {
    const connection = connections[partitionOf(deviceId, connections.length)]!;
    if (!connection.hasRoom()) await connection.room();
    connection.publish(`headway/v1/${deviceId}/telemetry/${properties}`, payload);
  };

  try {
    for await (const { deviceId, receivedAt, payload, readings } of messages) {
      const due = waitUntilDue(receivedAt);
      if (due) await due;
      await send(deviceId, receivedAtProperty(receivedAt), payload);
      lastReceivedAt.set(deviceId, Math.max(receivedAt, lastReceivedAt.get(deviceId) ?? receivedAt));
      sent.messages++;
      sent.readings += readings;
      if (sent.messages % PROGRESS_EVERY === 0) onProgress?.(sent.messages, sent.readings);
    }
    await Promise.all(connections.map((c) => c.settled()));
    if (options.end ?? true) {
      for (const [deviceId, at] of lastReceivedAt)
        await send(deviceId, `end=1&${receivedAtProperty(at)}`, '');
      await Promise.all(connections.map((c) => c.settled()));
    }
    onProgress?.(sent.messages, sent.readings);
    for (const connection of connections) connection.end();
  } catch (error) {
    failAll(connections, error);
    throw signal?.aborted ? signal.reason : error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
  return {
    ...sent,
    acknowledged: connections.reduce((sum, c) => sum + c.acknowledged(), 0),
    devices: lastReceivedAt.size,
  };
}

function receivedAtProperty(at: Instant): string {
  return `receivedAt=${encodeURIComponent(formatInstant(at))}`;
}

/** All or none: when one is refused the others are given up. */
async function connectAll(
  count: number,
  open: (n: number) => Promise<PublisherConnection>,
): Promise<PublisherConnection[]> {
  const results = await Promise.allSettled(Array.from({ length: count }, (_, n) => open(n)));
  const opened = results.flatMap((r) => (r.status === 'fulfilled' ? [r.value] : []));
  const refused = results.find((r) => r.status === 'rejected');
  if (refused) {
    failAll(opened, refused.reason);
    throw refused.reason;
  }
  return opened;
}

function failAll(connections: readonly PublisherConnection[], reason: unknown): void {
  for (const connection of connections) connection.fail(reason);
}
