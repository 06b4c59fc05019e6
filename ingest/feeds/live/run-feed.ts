import { connectPublisher, type PublisherConnection } from '../../recordings/publisher-connection.ts';
import type { Feed, ForeignMessage, Unusable } from '../feed.ts';
import { feedMessages } from '../feed-messages.ts';

export interface RunFeedOptions {
  feed: Feed;
  source: AsyncIterable<ForeignMessage | undefined>;
  timezone: string;
  /** The feed as a device. */
  deviceId: string;
  /** The door. */
  host: string;
  port: number;
  /** The key of the feed, or of a sensor that it carries, which it registers where it is new. */
  keyOf(deviceId: string): Promise<string>;
  onUnusable?(unusable: Unusable): void;
}

/** One message on its way at a time would wait a disk's turn for each; a window of a device's is enough. */
const WINDOW = { windowMessages: 100, windowBytes: 4 * 1_024 * 1_024 };

/**
 * Sends what a feed makes of its source through the door, as the devices it is, until the source ends; resolves when all
 * of it is acknowledged. Each device has a connection of its own, as the door wants it.
 * @throws RecordingFault when the door refuses or is gone.
 */
export async function runFeed(options: RunFeedOptions): Promise<{ messages: number; readings: number }> {
  const { feed, source, timezone, deviceId, host, port } = options;
  const connections = new Map<string, PublisherConnection>();
  const sent = { messages: 0, readings: 0 };
  const connectionOf = async (id: string): Promise<PublisherConnection> => {
    const open = connections.get(id);
    if (open) return open;
    const password = await options.keyOf(id);
    const made = await connectPublisher({ host, port, clientId: id, username: id, password, ...WINDOW });
    connections.set(id, made);
    return made;
  };
  const logged = feedMessages(source, {
    feed,
    timezone,
    deviceId,
    sensorDeviceId: (sensorId) => sensorDevice(deviceId, sensorId),
    ...(options.onUnusable && { onUnusable: options.onUnusable }),
  });
  try {
    for await (const { deviceId: id, payload, readings } of logged) {
      const connection = await connectionOf(id);
      if (!connection.hasRoom()) await connection.room();
      connection.publish(`headway/v1/${id}/telemetry`, payload);
      sent.messages++;
      sent.readings += readings;
    }
    for (const connection of connections.values()) {
      await connection.settled();
      connection.end();
    }
  } catch (error) {
    for (const connection of connections.values()) connection.fail(error);
    throw error;
  }
  return sent;
}

/** In the letters that a device may have. */
function sensorDevice(deviceId: string, sensorId: string): string {
  return `${deviceId}:${sensorId}`.replace(/[^A-Za-z0-9\-:.+_*?!(),=@$']+/g, '-').slice(0, 128);
}
