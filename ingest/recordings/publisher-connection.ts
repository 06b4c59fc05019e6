import { connect, type Socket } from 'node:net';
import { generate, type Packet, parser } from 'mqtt-packet';
import { RecordingFault } from './recording-fault.ts';

/** One MQTT 3.1.1 connection that publishes at QoS 1 with a bounded window of unacknowledged messages. */
export interface PublisherConnection {
  /** @throws RecordingFault once the connection has failed. */
  hasRoom(): boolean;
  /** Resolves when the window has room. @throws as `hasRoom` */
  room(): Promise<void>;
  publish(topic: string, payload: string | Uint8Array): void;
  /** Resolves once everything published is acknowledged. @throws as `hasRoom` */
  settled(): Promise<void>;
  acknowledged(): number;
  /** Says goodbye; nothing may be in flight. */
  end(): void;
  /** Gives up at once; whoever waits gets `reason`. */
  fail(reason: unknown): void;
}

export interface ConnectionOptions {
  host: string;
  port: number;
  clientId: string;
  username: string;
  password: string;
  windowMessages: number;
  windowBytes: number;
}

const CONNECT_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_S = 60;

/** @throws RecordingFault when nobody listens, or the gateway refuses the credentials. */
export async function connectPublisher(options: ConnectionOptions): Promise<PublisherConnection> {
  const door = `${options.host}:${options.port}`;
  const socket = connect({ host: options.host, port: options.port, noDelay: true });
  const inFlight = new Map<number, number>();
  let inFlightBytes = 0;
  let acknowledged = 0;
  let lastId = 0;
  let lastTopic = '';
  let failure: { reason: unknown } | undefined;
  let ended = false;
  const waiters: { ready: () => boolean; resolve: () => void; reject: (reason: unknown) => void }[] = [];

  const wake = (): void => {
    for (let i = waiters.length - 1; i >= 0; i--) {
      const waiter = waiters[i]!;
      if (!failure && !waiter.ready()) continue;
      waiters.splice(i, 1);
      if (failure) waiter.reject(failure.reason);
      else waiter.resolve();
    }
  };
  const until = (ready: () => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      waiters.push({ ready, resolve, reject });
      wake();
    });
  const fail = (reason: unknown): void => {
    failure ??= { reason };
    socket.destroy();
    wake();
  };
  const check = (): void => {
    if (failure) throw failure.reason;
  };
  const roomNow = (): boolean =>
    inFlight.size < options.windowMessages && inFlightBytes < options.windowBytes;

  let connected = false;
  const packets = parser({ protocolVersion: 4 });
  packets.on('packet', (packet: Packet) => {
    if (packet.cmd === 'connack') {
      if (packet.returnCode === 0) connected = true;
      else fail(refusal(door, options.username, packet.returnCode ?? -1));
    } else if (packet.cmd === 'puback' && packet.messageId !== undefined) {
      const bytes = inFlight.get(packet.messageId);
      if (bytes === undefined) return;
      inFlight.delete(packet.messageId);
      inFlightBytes -= bytes;
      acknowledged++;
    }
  });
  packets.on('error', (error: Error) => fail(notMqtt(door, error)));
  socket.on('data', (data) => {
    packets.parse(data);
    wake();
  });
  socket.on('error', (error: NodeJS.ErrnoException) =>
    fail(connected ? closed(door, acknowledged, inFlight.size, lastTopic, error) : unreachable(door, error)),
  );
  socket.on('close', () => {
    if (ended) return;
    fail(
      connected
        ? closed(door, acknowledged, inFlight.size, lastTopic)
        : refusal(door, options.username, undefined),
    );
  });

  const ping = setInterval(() => socket.write(generate({ cmd: 'pingreq' })), (KEEP_ALIVE_S * 1_000) / 2);
  ping.unref();
  socket.on('close', () => clearInterval(ping));
  const timeout = setTimeout(() => {
    fail(
      new RecordingFault(
        `${door} does not answer`,
        'no CONNACK within 10 s',
        'Is a gateway listening there?',
      ),
    );
  }, CONNECT_TIMEOUT_MS);
  socket.write(
    generate({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      clientId: options.clientId,
      keepalive: KEEP_ALIVE_S,
      username: options.username,
      password: Buffer.from(options.password),
    }),
  );
  try {
    await until(() => connected);
  } finally {
    clearTimeout(timeout);
  }

  return {
    hasRoom: () => {
      check();
      return roomNow();
    },
    room: () => until(roomNow),
    publish: (topic, payload) => {
      check();
      do lastId = (lastId % 65_535) + 1;
      while (inFlight.has(lastId));
      const packet = encodePublish(topic, payload, lastId);
      inFlight.set(lastId, packet.length);
      inFlightBytes += packet.length;
      lastTopic = topic;
      corkForTick(socket);
      socket.write(packet);
    },
    settled: () => until(() => inFlight.size === 0),
    acknowledged: () => acknowledged,
    end: () => {
      ended = true;
      socket.end(generate({ cmd: 'disconnect' }));
    },
    fail,
  };
}

function encodePublish(topic: string, payload: string | Uint8Array, messageId: number): Buffer {
  const bytes =
    typeof payload === 'string' ? payload : Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  return generate({ cmd: 'publish', topic, payload: bytes, qos: 1, dup: false, retain: false, messageId });
}

/** Packets of one tick leave in one write. */
function corkForTick(socket: Socket): void {
  if (socket.writableCorked > 0) return;
  socket.cork();
  process.nextTick(() => socket.uncork());
}

function unreachable(door: string, error: NodeJS.ErrnoException): RecordingFault {
  return new RecordingFault(
    `could not reach the gateway at ${door}`,
    error.code === 'ECONNREFUSED' ? 'nobody listens there' : error.message,
    'Start it with `headway up`, or leave out the address to replay into an embedded one.',
    error,
  );
}

function refusal(door: string, username: string, code: number | undefined): RecordingFault {
  if (code === undefined || code === 4 || code === 5) {
    return new RecordingFault(
      `the gateway at ${door} refused ${username}`,
      code === undefined
        ? 'it closed the connection before answering'
        : 'its name or key is wrong, or it is no recorder',
      'Register the recorder again and use the key that it was given.',
    );
  }
  return new RecordingFault(
    `the gateway at ${door} refused the connection`,
    `MQTT return code ${code}`,
    code === 3 ? 'It is there but not ready: look at its log, then try again.' : 'Is it a Headway gateway?',
  );
}

function closed(
  door: string,
  acknowledged: number,
  inFlight: number,
  lastTopic: string,
  cause?: unknown,
): RecordingFault {
  return new RecordingFault(
    `the gateway at ${door} closed the connection`,
    `${acknowledged} messages were acknowledged on it, ${inFlight} were not; the last went to ${lastTopic || 'no topic'}`,
    'Its count of refusals names the reason (not registered to this recording, too large, log unavailable). Sending again is safe: what was counted becomes a duplicate.',
    cause,
  );
}

function notMqtt(door: string, error: Error): RecordingFault {
  return new RecordingFault(
    `${door} does not speak MQTT`,
    error.message,
    'Is it the port of the gateway?',
    error,
  );
}
