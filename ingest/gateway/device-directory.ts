import type { ClockDomain } from '#domain/log.ts';

/** What the door must know of a device. */
export interface KnownDevice {
  deviceId: string;
  /** Symmetric key, base64; absent where it only shows a certificate. */
  key?: string | undefined;
  /** Another that is as good, while keys are changed. */
  secondaryKey?: string | undefined;
  /** Of its certificates: SHA-1 or SHA-256, hexadecimal, upper case. */
  thumbprints?: readonly string[] | undefined;
  domain: ClockDomain;
  /** A sensor sends its own readings; a recorder those of the devices of its domain. */
  role: 'sensor' | 'recorder';
}

/** The registry as it is now. Asked on every connect and at least once for every chunk of bytes: answer from memory. */
export interface DeviceDirectory {
  /** `undefined` for a device that is unknown or retired. */
  find(deviceId: string): KnownDevice | undefined;
}
