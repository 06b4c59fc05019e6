/** Why the door refused a connection or closed one: the closed list, in which refusals are counted. */
export const doorReasons = [
  'bad-credentials',
  'expired-token',
  'expired-certificate',
  'recording-device',
  'retired-device',
  'not-your-topic',
  'unknown-recorder-device',
  'received-at',
  'qos',
  'too-large',
  'malformed',
  'protocol-version',
  'connect-timeout',
  'too-many-connections',
  'log-unavailable',
] as const;

export type DoorReason = (typeof doorReasons)[number];

export interface DoorCounter {
  /**
   * One connection was refused or closed. `deviceId` is one that the directory knows, or '': with 'bad-credentials'
   * and what has expired it is the device that was claimed, so that its operator can see it knocking.
   */
  refused(reason: DoorReason, deviceId: string): void;
}
