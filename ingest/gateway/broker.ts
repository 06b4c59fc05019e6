import { Aedes, type AuthenticateError, type Client, type ConnectPacket } from 'aedes';
import mqttPacket from 'mqtt-packet';
import { authenticate } from './authentication.ts';
import type { Connection, Door } from './connection.ts';
import type { DoorReason } from './door-reason.ts';
import { keepSessions } from './kept-sessions.ts';
import { maySubscribe } from './topic-rules.ts';

export interface Broker {
  handle(connection: Connection): void;
  close(): Promise<void>;
}

/**
 * aedes does MQTT's connections: CONNECT, taking over a client id, SUBSCRIBE and a session's subscriptions, PINGREQ,
 * DISCONNECT. PUBLISH and PUBACK do not reach it (see the stream guard): nothing is distributed or retained.
 */
export async function broker(door: Door, hubName: string | undefined): Promise<Broker> {
  const connections = new WeakMap<Client, Connection>();
  /** Until they are judged. */
  const connects = new WeakMap<Client, ConnectPacket>();
  // Or it makes a buffer for each of 65,536 numbers, for the few packets that aedes writes.
  mqttPacket.writeToStream.cacheNumbers = false;

  const aedes = await Aedes.createBroker({
    // The connection's own inspection comes first.
    connectTimeout: 4 * door.limits.connectTimeoutMs,

    preConnect: (client, packet, done) => {
      connects.set(client, { ...packet });
      // aedes does not see PUBLISH, so it can not tell who is silent; nor can it publish a will. Connection does both.
      packet.keepalive = 0;
      delete packet.will;
      // A sensor's session is its subscriptions, four at most. A recorder, under any number of client ids, has none.
      packet.clean ||= door.directory.find(packet.clientId)?.role !== 'sensor';
      done(null, true);
    },

    authenticate: (client, username, password, done) => {
      const connection = connections.get(client)!;
      const packet = connects.get(client)!;
      connects.delete(client);
      const result = authenticate(
        { clientId: packet.clientId, username, password, certificate: connection.certificate() },
        door.directory,
        door.clock(),
        hubName,
      );
      const refused = (reason: DoorReason, deviceId: string) => {
        door.refused(reason, deviceId);
        done(Object.assign(new Error(reason), { returnCode: 5 }) as AuthenticateError, false);
      };
      if (result.type === 'refused') return refused(result.reason, result.deviceId);
      const fault = connection.become(result.device, result.proof, result.validUntil, packet);
      if (fault) return refused(fault, connection.deviceId);
      done(null, true);
    },

    authorizeSubscribe: (client, subscription, done) => {
      const allowed = connections.get(client)!.maySubscribe(subscription.topic);
      done(null, allowed ? subscription : null);
    },

    authorizePublish: (_client, _packet, done) => done(new Error('nothing is published through the broker')),
  });

  keepSessions(aedes, door.sessions.state, (clientId, filter) => {
    const device = door.directory.find(clientId);
    return device !== undefined && maySubscribe(filter, device);
  });
  aedes.on('clientReady', (client) => {
    const { subscriptions } = client as unknown as { subscriptions: Record<string, { qos: number }> };
    connections.get(client)?.open((filter) => subscriptions[filter]?.qos);
  });
  aedes.on('subscribe', (_subscriptions, client) => {
    if (client) connections.get(client)?.subscribed();
  });

  return {
    handle: (connection) => {
      connections.set(aedes.handle(connection.guard.duplex), connection);
    },
    close: () => new Promise((resolve) => aedes.close(resolve)),
  };
}
