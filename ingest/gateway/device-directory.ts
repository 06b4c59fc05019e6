import type { ClockDomain } from '#domain/log.ts';

/** What the door must know of a device. */
export interface KnownDevice {
  deviceId: string;
  /** Symmetric key, base64. */
  key: string;
  domain: ClockDomain;
  /** A sensor sends its own readings; a recorder those of the devices of its domain. */
  role: 'sensor' | 'recorder';
}

/** The registry as it is now. Asked on every connect and at least once for every chunk of bytes: answer from memory. */
export interface DeviceDirectory {
  /** `undefined` for a device that is unknown or retired. */
  find(deviceId: string): KnownDevice | undefined;
}
