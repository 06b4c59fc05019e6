import { Aedes, type AuthenticateError, type Client, type ConnectPacket } from 'aedes';
import { authenticate } from './authentication.ts';
import type { Connection, Door } from './connection.ts';
import type { DoorReason } from './door-reason.ts';
import { maySubscribe } from './topic-rules.ts';

export interface Broker {
  handle(connection: Connection): void;
  close(): Promise<void>;
}

/**
 * aedes does MQTT's connections: CONNECT, taking over a client id, SUBSCRIBE, PINGREQ, DISCONNECT. PUBLISH
 * does not reach it (see the stream guard): nothing is distributed, retained or kept for a session.
 */
export async function broker(door: Door, hubName: string | undefined): Promise<Broker> {
  const connections = new WeakMap<Client, Connection>();
  const connects = new WeakMap<Client, ConnectPacket>();

  const aedes = await Aedes.createBroker({
    // The connection's own inspection comes first.
    connectTimeout: 4 * door.limits.connectTimeoutMs,

    preConnect: (client, packet, done) => {
      connects.set(client, { ...packet });
      // aedes does not see PUBLISH, so it can not tell who is silent; nor can it publish a will. Connection does both.
      packet.keepalive = 0;
      delete packet.will;
      // Nothing is delivered to devices, so there is no session to keep.
      packet.clean = true;
      done(null, true);
    },

    authenticate: (client, username, password, done) => {
      const connection = connections.get(client)!;
      const packet = connects.get(client)!;
      const result = authenticate(
        { clientId: packet.clientId, username, password },
        door.directory,
        door.clock(),
        hubName,
      );
      const refused = (reason: DoorReason, deviceId: string) => {
        door.refused(reason, deviceId);
        done(Object.assign(new Error(reason), { returnCode: 5 }) as AuthenticateError, false);
      };
      if (result.type === 'refused') return refused(result.reason, result.deviceId);
      const fault = connection.become(result.device, result.validUntil, packet);
      if (fault) return refused(fault, connection.deviceId);
      done(null, true);
    },

    authorizeSubscribe: (client, subscription, done) => {
      const { deviceId } = connections.get(client)!;
      done(null, maySubscribe(subscription.topic, deviceId) ? subscription : null);
    },

    authorizePublish: (_client, _packet, done) => done(new Error('nothing is published through the broker')),
  });

  aedes.on('clientReady', (client) => connections.get(client)?.open());

  return {
    handle: (connection) => {
      connections.set(aedes.handle(connection.guard.duplex), connection);
    },
    close: () => new Promise((resolve) => aedes.close(resolve)),
  };
}
