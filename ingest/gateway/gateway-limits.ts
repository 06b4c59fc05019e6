import { MINUTE_MS, SECOND_MS } from '#domain/instant.ts';

export interface GatewayLimits {
  /** Payload of one PUBLISH, inclusive. IoT Hub's limit for a message. */
  payloadBytes: number;
  /** Topic of one PUBLISH, inclusive, beside the payload: with it the packet's remaining length is bounded. */
  topicBytes: number;
  /** Remaining length of any other packet, CONNECT included. Before CONNACK nothing but CONNECT is read. */
  controlBytes: number;
  /** Open sockets, both ports together. */
  connections: number;
  /** From the first byte of TCP to CONNACK. */
  connectTimeoutMs: number;
  /** A connection this long without a byte is closed, even when it asked for no keep-alive. */
  silenceMs: number;
  /** Messages and bytes taken, but not yet durable, of all connections. Above either, no socket is read. */
  inFlightMessages: number;
  inFlightBytes: number;
  /** How long `close` waits for messages in flight to become durable. */
  closeTimeoutMs: number;
}

export const gatewayLimits: GatewayLimits = {
  payloadBytes: 256 * 1024,
  topicBytes: 2 * 1024,
  controlBytes: 4 * 1024,
  connections: 12_000,
  connectTimeoutMs: 10 * SECOND_MS,
  silenceMs: 30 * MINUTE_MS,
  inFlightMessages: 65_536,
  inFlightBytes: 64 * 1024 * 1024,
  closeTimeoutMs: 5 * SECOND_MS,
};
