import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Instant } from '#domain/instant.ts';
import { type Proof, stillHolds } from './authentication.ts';
import type { DeviceDirectory, KnownDevice } from './device-directory.ts';
import type { DeviceSessions } from './device-sessions.ts';
import type { DoorReason } from './door-reason.ts';
import type { DurableIntake, Owed } from './durable-intake.ts';
import type { GatewayLimits } from './gateway-limits.ts';
import { type HubSession, hubSession } from './hub-session.ts';
import { decodePublish, encodePublish } from './publish-packet.ts';
import { type StreamGuard, streamGuard } from './stream-guard.ts';
import { type LogPermit, maySubscribe, type Permit, permit } from './topic-rules.ts';

/** One socket, from accept to close: who it is, and what it publishes. */
export interface Connection {
  readonly guard: StreamGuard;
  readonly deviceId: string;
  /** That the client has shown, over TLS. */
  certificate(): X509Certificate | undefined;
  /** Authentication succeeded; CONNACK has not gone yet. Returns the rule that its will breaks. */
  become(device: KnownDevice, proof: Proof, validUntil: Instant, connect: Connect): DoorReason | undefined;
  /** CONNACK has gone. `listens`: the QoS granted for a filter, undefined where the client has not subscribed. */
  open(listens: (filter: string) => number | undefined): void;
  maySubscribe(filter: string): boolean;
  /** It has subscribed to more. */
  subscribed(): void;
  /** Counts, and closes without an acknowledgement. */
  refuse(reason: DoorReason): void;
  /** To be called now and then: closes what has been silent, has not connected, or whose token has run out. */
  inspect(elapsedMs: number): void;
}

/** What a CONNECT asks for. */
export interface Connect {
  keepalive?: number;
  /** A message to publish when the client is lost. */
  will?: { topic: string; payload: Buffer | string; qos?: number };
}

export interface Door {
  limits: GatewayLimits;
  directory: DeviceDirectory;
  intake: DurableIntake;
  sessions: DeviceSessions;
  clock: () => Instant;
  refused(reason: DoorReason, deviceId: string): void;
  /** The gateway is being closed: that a client is lost is our doing. */
  isClosing(): boolean;
}

export function connection(socket: Socket, door: Door): Connection {
  const { limits, directory, intake, sessions } = door;
  let identity: KnownDevice | undefined;
  let proof: Proof | undefined;
  let session: HubSession | undefined;
  let validUntil = Number.POSITIVE_INFINITY;
  let opened = false;
  let openWithinMs = limits.connectTimeoutMs;
  let allowedSilenceMs = limits.silenceMs;
  let silentMs = 0;
  let will: Connect['will'];

  /** Asked for anew whenever packets are read, and good for those. */
  let sender: KnownDevice | undefined;
  let now: Instant = 0;
  let lastTopic: Buffer | undefined;
  let lastPermit: LogPermit | undefined;

  const guard = streamGuard(socket, limits, {
    reading: () => {
      sender = undefined;
      lastPermit = undefined;
    },
    paused: () => {
      lastPermit = undefined;
      lastTopic = undefined;
    },
    publish,
    acknowledged: (messageId) => session?.acknowledged(messageId),
    refused: (reason) => door.refused(reason, identity?.deviceId ?? ''),
    leaving: () => {
      will = undefined;
    },
    broken: (error) => {
      const reason = brokenReason(error);
      if (reason) door.refused(reason, identity?.deviceId ?? '');
    },
    logIsFull: intake.isFull,
    whenLogHasRoom: intake.whenRoom,
  });

  guard.duplex.once('close', () => {
    if (session) sessions.ended(session);
    if (will && !door.isClosing()) publishWill(will);
  });

  const owed: Owed = {
    durable: [],
    acknowledge: () => {
      guard.acknowledge(owed.durable);
      owed.durable.length = 0;
    },
    logUnavailable: () => refuse('log-unavailable'),
  };

  function publish(bytes: Buffer, firstByte: number, from: number, to: number): DoorReason | undefined {
    const packet = decodePublish(bytes, firstByte, from, to);
    if (typeof packet === 'string') return packet;
    const { topicFrom, topicTo, payload } = packet;
    if (payload.length > limits.payloadBytes || topicTo - topicFrom > limits.topicBytes) return 'too-large';
    const allowed =
      lastPermit && same(bytes, topicFrom, topicTo, lastTopic!)
        ? lastPermit
        : permitTopic(bytes.subarray(topicFrom, topicTo));
    if (typeof allowed === 'string') return allowed;
    if (allowed.type === 'hub') {
      session?.request(allowed.request, payload);
      if (packet.messageId !== 0) guard.acknowledge([packet.messageId]);
      return undefined;
    }
    if (allowed.type === 'end' && payload.length > 0) return 'malformed';
    const { type, deviceId, domain, receivedAt = now } = allowed;
    intake.take({ type, deviceId, receivedAt, domain, payload }, owed, packet.messageId);
    return undefined;
  }

  function publishWill({ topic, payload }: NonNullable<Connect['will']>): void {
    sender = undefined;
    const allowed = permitWill(topic);
    if (typeof allowed === 'string') {
      door.refused(allowed, identity!.deviceId);
      return;
    }
    const { type, deviceId, domain, receivedAt = now } = allowed;
    intake.take({ type, deviceId, receivedAt, domain, payload: Buffer.from(payload) }, owed, 0);
  }

  function permitWill(topic: string): LogPermit | DoorReason {
    const allowed = permitTopic(Buffer.from(topic));
    return typeof allowed !== 'string' && allowed.type === 'hub' ? 'not-your-topic' : allowed;
  }

  function permitTopic(topic: Buffer): Permit | DoorReason {
    const fault = sender ? undefined : noMore();
    if (fault) return fault;
    const allowed = permit(topic.toString('utf8'), sender!, directory, now);
    if (typeof allowed === 'string' || allowed.type === 'hub') return allowed;
    lastTopic = topic;
    lastPermit = allowed;
    return allowed;
  }

  /** Looks the device up anew: what it has shown may be good no more. */
  function noMore(): DoorReason | undefined {
    sender = directory.find(identity!.deviceId);
    now = door.clock();
    if (!sender) return 'retired-device';
    return stillHolds(sender, proof!) ? undefined : 'bad-credentials';
  }

  function expired(): DoorReason {
    return 'thumbprint' in proof! ? 'expired-certificate' : 'expired-token';
  }

  function refuse(reason: DoorReason): void {
    if (guard.closed) return;
    guard.cut();
    door.refused(reason, identity?.deviceId ?? '');
  }

  return {
    guard,
    get deviceId() {
      return identity?.deviceId ?? '';
    },
    certificate: () => (socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined),
    become: (device, shown, until, connect) => {
      identity = device;
      proof = shown;
      validUntil = until;
      const keepAliveS = connect.keepalive ?? 0;
      if (keepAliveS > 0) allowedSilenceMs = Math.min(keepAliveS * 1_500, limits.silenceMs);
      if (!connect.will) return undefined;
      if (connect.will.qos === 2) return 'qos';
      const allowed = permitWill(connect.will.topic);
      if (typeof allowed === 'string') return allowed;
      if (allowed.type === 'end' && connect.will.payload.length > 0) return 'malformed';
      will = connect.will;
      return undefined;
    },
    open: (listens) => {
      opened = true;
      if (identity?.role === 'sensor' && !guard.closed) {
        const publish = (topic: string, payload: Uint8Array, messageId: number) =>
          guard.send(encodePublish(topic, payload, messageId));
        session = hubSession(identity.deviceId, { listens, publish }, sessions.state, door.clock);
        sessions.began(session);
      }
      guard.open();
    },
    maySubscribe: (filter) => identity !== undefined && maySubscribe(filter, identity),
    subscribed: () => {
      if (session) sessions.listens(session);
    },
    refuse,
    inspect: (elapsedMs) => {
      if (!opened) {
        openWithinMs -= elapsedMs;
        if (openWithinMs <= 0) refuse('connect-timeout');
        return;
      }
      silentMs = guard.heard() ? 0 : silentMs + elapsedMs;
      if (silentMs > allowedSilenceMs) return guard.cut();
      sender = undefined;
      const fault = noMore() ?? (now >= validUntil ? expired() : undefined);
      if (fault) refuse(fault);
    },
  };
}

/** aedes' errors: 1 is its code for a protocol version. A client too slow to take an answer breaks no rule. */
function brokenReason(error: Error & { errorCode?: number }): DoorReason | undefined {
  if (error.errorCode === 1) return 'protocol-version';
  return error.message === 'drain timeout' ? undefined : 'malformed';
}

function same(bytes: Buffer, from: number, to: number, topic: Buffer): boolean {
  if (to - from !== topic.length) return false;
  for (let i = topic.length - 1; i >= 0; i--) if (bytes[from + i] !== topic[i]) return false;
  return true;
}
