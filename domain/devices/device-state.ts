import type { Instant } from '../instant.ts';
import type { DeviceMessage, QueuedMessage } from './device-message.ts';
import type { Twin, TwinFault } from './twin.ts';

/** What a hub keeps of its devices beside who they are: twins, messages that wait, and what they listen to. */
export interface DeviceState {
  /** An empty one where none was ever written. */
  twin(deviceId: string): Promise<Twin>;
  /**
   * Replaces a twin by what `change` makes of it, alone with it; a fault leaves it as it is. `durable`: it survives a
   * power cut once this resolves; without, the end of the process only.
   */
  changeTwin(
    deviceId: string,
    change: (twin: Twin) => Twin | TwinFault,
    options: { durable: boolean },
  ): Promise<Twin | TwinFault>;
  /** Durable once it resolves. 'full' where as many wait as may; those expired at `enqueuedAt` do not count. */
  enqueue(message: DeviceMessage): Promise<'queued' | 'full'>;
  /** The oldest messages after `sequence` that have not expired, each counted as delivered once more. */
  takeMessages(deviceId: string, after: number, limit: number, now: Instant): Promise<QueuedMessage[]>;
  /** The device has it. */
  settleMessage(deviceId: string, sequence: number): Promise<void>;
  waitingMessages(deviceId: string, now: Instant): Promise<number>;
  /** Returns how many there were. */
  purgeMessages(deviceId: string): Promise<number>;
  /** The filters that a device's session listens on, each with its QoS. */
  session(deviceId: string): Promise<SessionFilters>;
  /**
   * Replaces them by what `change` makes of them, alone with them; without filters there is no session. They survive
   * the end of the process.
   */
  changeSession(deviceId: string, change: (filters: SessionFilters) => SessionFilters): Promise<void>;
  /** The device is no more: twin, messages and session go. */
  forget(deviceId: string): Promise<void>;
}

export type SessionFilters = Readonly<Record<string, number>>;
