import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { DeviceHub } from '#domain/devices/device-hub.ts';
import type { DeviceState } from '#domain/devices/device-state.ts';
import type { Instant } from '#domain/instant.ts';
import type { EventLog } from '#domain/log.ts';
import { broker } from './broker.ts';
import { type Connection, connection, type Door } from './connection.ts';
import type { DeviceDirectory } from './device-directory.ts';
import { deviceSessions } from './device-sessions.ts';
import { type DoorCounter, type DoorReason, doorReasons } from './door-reason.ts';
import { durableIntake } from './durable-intake.ts';
import { type GatewayLimits, gatewayLimits } from './gateway-limits.ts';

export interface GatewayOptions {
  log: Pick<EventLog, 'append'>;
  devices: DeviceDirectory;
  /** Twins, and messages that wait for devices. */
  deviceState: DeviceState;
  door: DoorCounter;
  host: string;
  /** 0: any free one. */
  port: number;
  /** MQTT over TLS, where `tls` is given. */
  tlsPort?: number;
  tls?: { key: string; cert: string; ca?: string };
  clock: () => Instant;
  /** The IoT Hub host name that devices may name in username and token, beside localhost. */
  hubName?: string;
  limits?: Partial<GatewayLimits>;
}

export interface Gateway {
  port: number;
  /** undefined without TLS. */
  tlsPort: number | undefined;
  /** IoT Hub's other side: what the city's office does with its devices. */
  hub: DeviceHub;
  /** Stops reading, lets what is in flight become durable and be acknowledged, then closes every connection. */
  close(): Promise<void>;
  stats(): GatewayStats;
}

export interface GatewayStats {
  connections: number;
  /** Messages handed to the log, and those of them it has made durable. */
  taken: number;
  durable: number;
  inFlightMessages: number;
  inFlightBytes: number;
  refused: Record<DoorReason, number>;
  /** Of the last append that failed; '' before the first. */
  lastLogError: string;
}

/** The door: MQTT 3.1.1 for devices, in process. What it takes is in the log before it is acknowledged. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const limits = { ...gatewayLimits, ...options.limits };
  const intake = durableIntake(options.log, limits);
  const refusedByReason = Object.fromEntries(doorReasons.map((reason) => [reason, 0])) as Record<
    DoorReason,
    number
  >;
  const refused = (reason: DoorReason, deviceId: string) => {
    refusedByReason[reason]++;
    options.door.refused(reason, deviceId);
  };
  const sessions = deviceSessions(options.deviceState, options.clock);
  const door: Door = {
    limits,
    directory: options.devices,
    intake,
    sessions,
    clock: options.clock,
    refused,
    isClosing: () => closing !== undefined,
  };
  let closing: Promise<void> | undefined;
  const mqtt = await broker(door, options.hubName);

  /** Every open socket; without a connection while TLS is being agreed. */
  const sockets = new Set<Socket>();
  const connections = new Set<Connection>();

  function accept(socket: Socket): void {
    if (sockets.size >= limits.connections) {
      socket.destroy();
      refused('too-many-connections', '');
    } else {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    }
  }

  function serve(socket: Socket): void {
    const served = connection(socket, door);
    connections.add(served);
    socket.once('close', () => connections.delete(served));
    mqtt.handle(served);
  }

  const plain = createServer({ noDelay: true, keepAlive: true }, (socket) => {
    accept(socket);
    if (!socket.destroyed) serve(socket);
  });
  const servers: Server[] = [];
  const open = async (server: Server, port: number): Promise<number> => {
    try {
      const opened = await listen(server, port, options.host);
      servers.push(server);
      return opened;
    } catch (error) {
      for (const other of servers) other.close();
      await mqtt.close();
      throw error;
    }
  };
  const port = await open(plain, options.port);

  let tlsPort: number | undefined;
  if (options.tls) {
    const { key, cert } = options.tls;
    const secure = createTlsServer({
      key,
      cert,
      minVersion: 'TLSv1.2',
      // A device may show a certificate of its own: its thumbprint is what counts, whoever signed it.
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: limits.connectTimeoutMs,
      noDelay: true,
      keepAlive: true,
    });
    secure.on('connection', accept);
    secure.on('secureConnection', serve);
    secure.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      socket.destroy();
      if (error.code === 'ERR_TLS_HANDSHAKE_TIMEOUT') refused('connect-timeout', '');
      else if (error.code !== 'ECONNRESET') refused('malformed', '');
    });
    tlsPort = await open(secure, options.tlsPort ?? 0);
  }

  const inspectEveryMs = Math.min(1_000, limits.connectTimeoutMs / 4);
  const inspection = setInterval(() => {
    for (const each of connections) each.inspect(inspectEveryMs);
  }, inspectEveryMs);

  async function close(): Promise<void> {
    clearInterval(inspection);
    const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
    for (const { guard } of connections) guard.hush();
    await Promise.race([intake.settled(), after(limits.closeTimeoutMs)]);
    await mqtt.close();
    for (const socket of sockets) socket.destroySoon();
    await Promise.race([Promise.all(closed), after(LAST_WORDS_MS)]);
    for (const socket of sockets) socket.destroy();
    await Promise.all(closed);
  }

  return {
    port,
    tlsPort,
    hub: sessions.hub,
    close: () => {
      closing ??= close();
      return closing;
    },
    stats: () => {
      const { messages, bytes, taken, durable, lastError } = intake.stats();
      return {
        connections: sockets.size,
        taken,
        durable,
        inFlightMessages: messages,
        inFlightBytes: bytes,
        refused: { ...refusedByReason },
        lastLogError: lastError,
      };
    },
  };
}

const LAST_WORDS_MS = 500;

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

/** Connections that may wait to be accepted: after a power cut a whole city comes at once. */
const BACKLOG = 4_096;

/** @throws the server's own error, for instance EADDRINUSE: an operator's fault. */
function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, backlog: BACKLOG }, () => {
      server.off('error', reject);
      server.on('error', () => {});
      resolve((server.address() as AddressInfo).port);
    });
  });
}
