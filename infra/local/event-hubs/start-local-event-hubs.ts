import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Connection, EventContext, Receiver, Sender } from 'rhea';
import { type Address, parseAddress } from './address.ts';
import { asAmqpError, isRefusal, notImplemented, type Refusal } from './amqp-error.ts';
import { connectionClaims } from './claims.ts';
import { type ConsumerLink, closeWith, deliver, refuseConsumer } from './consumer-link.ts';
import { type EventToEnqueue, enqueue } from './enqueue.ts';
import { type HubDefinition, hubNamed, openHub } from './hub.ts';
import { noSuchGroup } from './hub-partition.ts';
import { endLink, type Peer } from './peer.ts';
import { MAX_MESSAGE_BYTES, takeEvents } from './producer-link.ts';
import { acceptConnection, answerReceiver, answerSender } from './rhea-server.ts';
import { type ServiceContext, serveClaims, serveManagement } from './service-nodes.ts';
import { startOf } from './start-position.ts';

export interface LocalEventHubsOptions {
  /** Holds each hub's events; made when missing. One endpoint at a time. */
  directory: string;
  /** 0: any free one. */
  port: number;
  hubs: readonly HubDefinition[];
  /** The SharedAccessKey of the policy RootManageSharedAccessKey. */
  key: string;
  /** PEM. Without it the endpoint speaks plain TCP, as the SDK does to a development emulator. */
  tls?: { cert: string; key: string };
  /** Milliseconds; enqueued times and token expiry follow it. */
  now?: () => number;
}

export interface LocalEventHubs {
  /** Of the namespace: without an EntityPath. */
  readonly connectionString: string;
  readonly port: number;
  /** While on, everything that is sent or asked for is refused as com.microsoft:server-busy. */
  throttle(on: boolean): void;
  /** Appends an event as IoT Hub writes to its endpoint, with annotations of its own; resolves once durable. */
  enqueue(hub: string, event: EventToEnqueue): Promise<void>;
  close(): Promise<void>;
}

const POLICY = 'RootManageSharedAccessKey';
const HOST = '127.0.0.1';

/**
 * An Event Hubs namespace on this machine, for the real SDKs: AMQP 1.0 with $cbs and $management, durable on segment
 * files. What the service can do and this can not is refused by name as amqp:not-implemented.
 */
export async function startLocalEventHubs(options: LocalEventHubsOptions): Promise<LocalEventHubs> {
  const { directory, key, tls, now = Date.now } = options;
  const hubs = new Map();
  for (const definition of options.hubs)
    hubs.set(definition.name.toLowerCase(), await openHub(directory, definition, now));
  let throttled = false;
  const service: ServiceContext = {
    hubs,
    access: { name: POLICY, key },
    now,
    throttled: () => throttled,
  };

  const sockets = new Set<Socket>();
  const onSocket = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    servePeer(socket, service);
  };
  const server =
    tls === undefined
      ? createServer({ noDelay: true }, onSocket)
      : createTlsServer({ ...tls, noDelay: true }, onSocket);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, HOST, resolve);
  });
  const { port } = server.address() as AddressInfo;

  return {
    port,
    connectionString: `Endpoint=sb://localhost:${port};SharedAccessKeyName=${POLICY};SharedAccessKey=${key}${tls ? '' : ';UseDevelopmentEmulator=true'}`,
    throttle(on) {
      throttled = on;
    },
    async enqueue(hubName, event) {
      const hub = hubNamed(hubs, hubName);
      if (isRefusal(hub)) throw new Error(hub.description);
      await enqueue(hub, event);
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
      for (const hub of hubs.values()) await hub.close();
    },
  };
}

function servePeer(socket: Socket, service: ServiceContext): void {
  const connection: Connection = acceptConnection(socket);
  const peer: Peer = {
    connection,
    socket,
    claims: connectionClaims(service.now),
    replies: new Map(),
    running: new Map(),
  };
  const end = (): void => {
    peer.claims.end();
    for (const running of peer.running.values()) running.abort();
    peer.running.clear();
  };
  socket.on('close', end);
  connection.on('disconnected', end);
  connection.on('receiver_open', ({ receiver }: EventContext) => openProducer(receiver!, peer, service));
  connection.on('sender_open', ({ sender }: EventContext) => openConsumer(sender!, peer, service));
  connection.on('receiver_close', ({ receiver }: EventContext) => endLink(peer, receiver!));
  connection.on('sender_close', ({ sender }: EventContext) => endLink(peer, sender!));
  // rhea hands an error that nobody listens to to its container as uncaught.
  for (const event of ['connection_error', 'session_error', 'sender_error', 'receiver_error'])
    connection.on(event, () => {});
}

const IDEMPOTENT = 'com.microsoft:idempotent-producer';
const RUNTIME_METRICS = 'com.microsoft:enable-receiver-runtime-metric';
const EPOCH = 'com.microsoft:epoch';

/** A client sends on this link. */
function openProducer(link: Receiver, peer: Peer, service: ServiceContext): void {
  answerReceiver(link, MAX_MESSAGE_BYTES);
  const refused = open(String(link.target?.address ?? ''));
  if (refused !== undefined) link.close(asAmqpError(refused));

  function open(text: string): Refusal | undefined {
    const address: Address | Refusal = parseAddress(text);
    if (isRefusal(address)) return address;
    if (address.node === '$cbs' || address.node === '$management') {
      const serve = address.node === '$cbs' ? serveClaims : serveManagement;
      serve(link, peer, service);
      return undefined;
    }
    if (address.node === 'consumers') return notImplemented(`sending to '${text}'`);
    if (wants(link, IDEMPOTENT)) return notImplemented('idempotent producers');
    const hub = hubNamed(service.hubs, address.hub);
    if (isRefusal(hub)) return hub;
    const partition = address.node === 'partition' ? hub.partition(address.partition) : undefined;
    if (partition !== undefined && isRefusal(partition)) return partition;
    const denied = peer.claims.admit(link, text);
    if (denied !== undefined) return denied;
    takeEvents(link, peer, hub, partition, service.throttled);
    return undefined;
  }
}

/** A client receives on this link. */
function openConsumer(link: Sender, peer: Peer, service: ServiceContext): void {
  answerSender(link);
  const refused = open(String(link.source?.address ?? ''));
  if (refused !== undefined) closeWith(link, refused);

  function open(text: string): Refusal | undefined {
    const address = parseAddress(text);
    if (isRefusal(address)) return address;
    if (address.node === '$cbs' || address.node === '$management') {
      peer.replies.set(link.name, link);
      return undefined;
    }
    if (address.node !== 'consumers') return notImplemented(`receiving from '${text}'`);
    if (wants(link, RUNTIME_METRICS)) return notImplemented('lastEnqueuedEventProperties on receivers');
    const hub = hubNamed(service.hubs, address.hub);
    if (isRefusal(hub)) return hub;
    const partition = hub.partition(address.partition);
    if (isRefusal(partition)) return partition;
    const group = partition.consumers.get(address.consumerGroup.toLowerCase());
    if (group === undefined) return noSuchGroup(hub.name, address.consumerGroup);
    const start = startOf(link);
    if (isRefusal(start)) return start;
    const denied = peer.claims.admit(link, text);
    if (denied !== undefined) return denied;
    const epoch = link.properties?.[EPOCH];
    const consumer: ConsumerLink = {
      epoch: epoch === undefined || epoch === null ? undefined : Number(epoch),
      disconnect(reason) {
        group.delete(consumer);
        endLink(peer, link);
        closeWith(link, reason);
      },
    };
    const kept = refuseConsumer(group, consumer.epoch);
    if (kept !== undefined) return kept;
    group.add(consumer);

    const running = new AbortController();
    peer.running.set(link, running);
    running.signal.addEventListener('abort', () => group.delete(consumer), { once: true });
    partition
      .resolve(start)
      .then((after) => {
        if (isRefusal(Object(after))) consumer.disconnect(after as Refusal);
        else return deliver(link, partition, after as number, peer, running.signal);
      })
      .catch((error: Error) =>
        consumer.disconnect({ condition: 'amqp:internal-error', description: error.message }),
      );
    return undefined;
  }
}

function wants(link: Sender | Receiver, capability: string): boolean {
  const desired = link.desired_capabilities;
  return (Array.isArray(desired) ? desired : [desired]).some((name) => String(name) === capability);
}
