import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { DoorReason } from './door-reason.ts';
import type { GatewayLimits } from './gateway-limits.ts';
import { type PacketReader, packetReader } from './packet-reader.ts';
import { encodePubacks } from './publish-packet.ts';

/**
 * Stands between a socket and aedes. It cuts the stream into packets and closes on one that is too large or may not
 * come before any of it is buffered; PUBLISH goes to the door, everything else to aedes. While the log, the client
 * or aedes is slow, the socket is not read.
 */
export interface StreamGuard {
  /** What aedes reads from and writes to. */
  readonly duplex: Duplex;
  /** CONNACK has gone: read on. */
  open(): void;
  acknowledge(messageIds: readonly number[]): void;
  /** A packet to the client, past aedes. While it is slow to take it, nothing more is read from it. */
  send(packet: Buffer): void;
  /** Stop, without a word. */
  cut(): void;
  /** Whether a byte came since the last call, or none was read because the log was slow. */
  heard(): boolean;
  /** Read nothing more. */
  hush(): void;
  readonly closed: boolean;
}

export interface GuardEvents {
  /** Packets are about to be read: what was known of the sender may be out of date. */
  reading(): void;
  /** No packet is read for now: nothing of theirs need be kept. */
  paused(): void;
  /** A PUBLISH, its body `bytes[from, to)`. Returns the rule that it breaks. */
  publish(bytes: Buffer, firstByte: number, from: number, to: number): DoorReason | undefined;
  /** The client has a message that was sent with this id. */
  acknowledged(messageId: number): void;
  /** The guard has cut the connection. */
  refused(reason: DoorReason): void;
  /** The client has sent DISCONNECT. */
  leaving(): void;
  /** aedes has ended the connection over something that it does not take. */
  broken(error: Error): void;
  logIsFull(): boolean;
  whenLogHasRoom(call: () => void): void;
}

const CONNECT = 1;
const PUBLISH = 3;
const PUBACK = 4;
const DISCONNECT = 14;
/** SUBSCRIBE, UNSUBSCRIBE, PINGREQ, DISCONNECT: what else a client of QoS 0 and 1 may send. */
const forAedes = new Set([8, 10, 12, DISCONNECT]);

/** Why no packet is read. */
const BEFORE_CONNACK = 1;
const LOG_SLOW = 2;
const CLIENT_SLOW = 4;
const AEDES_SLOW = 8;
const HUSHED = 16;

/** How long a client has to take what was written to it before the end. */
const LAST_WORDS_MS = 5_000;

export function streamGuard(socket: Socket, limits: GatewayLimits, events: GuardEvents): StreamGuard {
  const reader: PacketReader = packetReader();
  const publishBytes = limits.payloadBytes + limits.topicBytes + 4;
  const limit = (firstByte: number) =>
    firstByte >> 4 === PUBLISH && !connecting ? publishBytes : limits.controlBytes;
  let connecting = true;
  let blocked = 0;
  let working = false;
  let bytesCame = true;
  let closed = false;

  const duplex = new Duplex({
    read: () => unblock(AEDES_SLOW),
    // aedes writes a packet in pieces, corked.
    writev: (pieces, done) => {
      socket.write(Buffer.concat(pieces.map(({ chunk }) => chunk as Buffer)), () => done());
    },
    destroy: (error, done) => {
      if (error && !closed) events.broken(error);
      closed = true;
      socket.destroySoon();
      if (socket.writableLength > 0) setTimeout(() => socket.destroy(), LAST_WORDS_MS).unref();
      done(null);
    },
  });
  duplex.on('error', () => {});

  socket.on('data', (chunk: Buffer) => {
    bytesCame = true;
    reader.feed(chunk);
    work();
  });
  socket.on('drain', () => unblock(CLIENT_SLOW));
  socket.on('error', () => duplex.destroy());
  socket.on('end', () => duplex.destroy());
  socket.on('close', () => duplex.destroy());

  function work(): void {
    if (working) return;
    working = true;
    events.reading();
    while (blocked === 0 && !closed) {
      const found = reader.next(limit);
      if (found === 'more') break;
      const fault = found === 'packet' ? pass(reader.bytes[reader.start]!) : found;
      if (fault) refuse(fault);
    }
    events.paused();
    working = false;
    if (blocked !== 0 && !closed) socket.pause();
  }

  function pass(firstByte: number): DoorReason | undefined {
    const type = firstByte >> 4;
    if (type === PUBLISH && !connecting) {
      const fault = events.publish(reader.bytes, firstByte, reader.from, reader.to);
      if (fault) return fault;
      if (!closed && events.logIsFull()) {
        blocked |= LOG_SLOW;
        events.whenLogHasRoom(() => unblock(LOG_SLOW));
      }
      return undefined;
    }
    if (type === PUBACK && !connecting) {
      if (reader.to - reader.from !== 2) return 'malformed';
      events.acknowledged(reader.bytes.readUInt16BE(reader.from));
      return undefined;
    }
    if (connecting ? type !== CONNECT : !forAedes.has(type)) return 'malformed';
    if (connecting) blocked |= BEFORE_CONNACK;
    connecting = false;
    if (type === DISCONNECT) events.leaving();
    toAedes();
    return undefined;
  }

  function toAedes(): void {
    if (!duplex.push(reader.bytes.subarray(reader.start, reader.to))) blocked |= AEDES_SLOW;
  }

  function unblock(why: number): void {
    if ((blocked & why) === 0) return;
    blocked &= ~why;
    if (blocked !== 0 || closed) return;
    work();
    if (blocked === 0 && !closed) socket.resume();
  }

  function send(packet: Buffer): void {
    if (closed || socket.write(packet)) return;
    blocked |= CLIENT_SLOW;
    socket.pause();
  }

  function refuse(reason: DoorReason): void {
    cut();
    events.refused(reason);
  }

  function cut(): void {
    if (closed) return;
    closed = true;
    socket.destroy();
    duplex.destroy();
  }

  return {
    duplex,
    open: () => unblock(BEFORE_CONNACK),
    acknowledge: (messageIds) => {
      if (messageIds.length > 0) send(encodePubacks(messageIds));
    },
    send,
    cut,
    heard: () => {
      const heard = bytesCame || (blocked & (LOG_SLOW | HUSHED)) !== 0;
      bytesCame = false;
      return heard;
    },
    hush: () => {
      blocked |= HUSHED;
      socket.pause();
    },
    get closed() {
      return closed;
    },
  };
}
