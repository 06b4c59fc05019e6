import { Aedes, type AuthenticateError, type Client, type ConnectPacket, type PublishPacket } from 'aedes';
import { authenticate } from './authentication.ts';
import type { Connection, Door } from './connection.ts';
import type { DoorReason } from './door-reason.ts';
import { maySubscribe, type Permit, permit } from './topic-rules.ts';

export interface Broker {
  handle(connection: Connection): void;
  close(): Promise<void>;
}

/**
 * aedes does MQTT's connections: CONNECT, taking over a client id, SUBSCRIBE, PINGREQ, DISCONNECT, wills. PUBLISH
 * does not reach it (see the stream guard): nothing is distributed, retained or kept for a session.
 */
export async function broker(door: Door, hubName: string | undefined): Promise<Broker> {
  const connections = new WeakMap<Client, Connection>();
  const connects = new WeakMap<Client, ConnectPacket & { askedKeepAliveS: number }>();
  let closing = false;

  const aedes = await Aedes.createBroker({
    // The connection's own inspection comes first.
    connectTimeout: 4 * door.limits.connectTimeoutMs,

    preConnect: (client, packet, done) => {
      // aedes does not see PUBLISH, so it can not tell a silent client; Connection can.
      connects.set(client, Object.assign(packet, { askedKeepAliveS: packet.keepalive ?? 0 }));
      packet.keepalive = 0;
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
      connection.become(result.device, result.validUntil, packet.askedKeepAliveS);
      const will = packet.will ? willPermit(connection, packet.will) : undefined;
      if (typeof will === 'string') return refused(will, connection.deviceId);
      done(null, true);
    },

    authorizeSubscribe: (client, subscription, done) => {
      const { deviceId } = connections.get(client)!;
      done(null, maySubscribe(subscription.topic, deviceId) ? subscription : null);
    },

    // Only a will comes this way. It goes to the log as if it had been published; the error keeps aedes from doing more.
    authorizePublish: (client, packet, done) => {
      const connection = client && connections.get(client);
      if (connection && !closing) logWill(connection, packet);
      done(handled);
    },
  });

  aedes.on('clientReady', (client) => connections.get(client)?.open());
  aedes.on('connectionError', complain);
  aedes.on('clientError', complain);

  /** aedes destroys the connection on what it does not understand; what the guard or the client ended is not its. */
  function complain(client: Client, error: Error & { errorCode?: number }): void {
    const connection = connections.get(client);
    if (!connection || error.errorCode === 5) return;
    if (error.errorCode === 1) door.refused('protocol-version', '');
    else if (!transportErrors.has(error.message)) door.refused('malformed', connection.deviceId);
  }

  function willPermit(connection: Connection, will: Will): Permit | DoorReason {
    if (will.qos === 2) return 'qos';
    const sender = door.directory.find(connection.deviceId);
    if (!sender) return 'retired-device';
    return permit(will.topic, sender, door.directory, door.clock());
  }

  function logWill(connection: Connection, will: PublishPacket): void {
    const allowed = willPermit(connection, will);
    if (typeof allowed === 'string') {
      door.refused(allowed, connection.deviceId);
      return;
    }
    const { type, deviceId, domain, receivedAt = door.clock() } = allowed;
    const payload = type === 'end' ? Buffer.alloc(0) : Buffer.from(will.payload);
    door.intake.take({ type, deviceId, receivedAt, domain, payload }, nobody, 0);
  }

  return {
    handle: (connection) => {
      connections.set(aedes.handle(connection.guard.duplex), connection);
    },
    close: () => {
      closing = true;
      return new Promise((resolve) => aedes.close(resolve));
    },
  };
}

type Will = { topic: string; payload: Buffer | string; qos?: 0 | 1 | 2 };

const handled = new Error('handled by the door');
const transportErrors = new Set(['connection closed', 'drain timeout']);
const nobody = { durable: [], acknowledge: () => {}, logUnavailable: () => {} };
