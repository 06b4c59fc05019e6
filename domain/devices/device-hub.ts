import type { Json, Twin, TwinChange, TwinFault } from './twin.ts';

/** What a city's office does with its devices: the port that Headway's gateway and an Azure IoT Hub both answer. */
export interface DeviceHub {
  isConnected(deviceId: string): Promise<boolean>;
  twin(deviceId: string): Promise<Twin>;
  /** A connected device that listens is told of desired properties at once. */
  changeTwin(deviceId: string, change: TwinChange): Promise<Twin | TwinFault>;
  callMethod(deviceId: string, call: MethodCall): Promise<MethodAnswer>;
  /** Resolves when it is queued, for a device that is away as well. */
  send(deviceId: string, message: OutgoingMessage): Promise<'queued' | 'full' | 'too-large'>;
  waitingMessages(deviceId: string): Promise<number>;
  purgeMessages(deviceId: string): Promise<number>;
}

/** What an operator needs of it. */
export type DeviceOffice = Pick<DeviceHub, 'twin' | 'changeTwin' | 'callMethod' | 'send'>;

export interface MethodCall {
  method: string;
  payload: Json | undefined;
  /** How long the device has to answer. */
  responseTimeoutMs: number;
  /** How long a device that is away is waited for. */
  connectTimeoutMs: number;
}

export type MethodAnswer =
  | { type: 'answered'; status: number; payload: Json | undefined }
  /** Not connected, or not listening for methods. */
  | { type: 'offline' }
  | { type: 'timeout' }
  /** Its connection ended first: it may have done it. */
  | { type: 'lost' }
  /** As many calls are under way as may. */
  | { type: 'busy' }
  | { type: 'bad-answer'; detail: string }
  | { type: 'bad-call'; detail: string };

export interface OutgoingMessage {
  body: Uint8Array;
  properties: Record<string, string>;
  /** How long it may wait. */
  ttlMs: number;
}
