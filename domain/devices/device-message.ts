import type { Instant } from '../instant.ts';

/** From the city to one device, as IoT Hub's cloud-to-device message. */
export interface DeviceMessage {
  deviceId: string;
  body: Uint8Array;
  /** The application's own, and the system's under IoT Hub's names: `$.mid`, `$.cid`, `$.ct`, `$.ce`, `$.uid`, `$.to`. */
  properties: Record<string, string>;
  enqueuedAt: Instant;
  /** Not delivered from then on. */
  expiresAt: Instant;
}

export interface QueuedMessage extends DeviceMessage {
  /** Greater for each later message. */
  sequence: number;
}

/** IoT Hub's bounds. */
export const deviceMessageLimits = {
  /** Messages that may wait for one device. */
  queued: 50,
  bodyBytes: 64 * 1024,
  /** A message that was delivered so often without an acknowledgement is dropped. */
  deliveries: 10,
  defaultTtlMs: 3_600_000,
  maxTtlMs: 2 * 86_400_000,
};
