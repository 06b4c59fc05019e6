import type { Instant } from '#domain/instant.ts';
import type { ClockDomain } from '#domain/log.ts';
import { type DeviceStream, newDeviceStream, type SlotWindow, type SpareWindows } from './streams.ts';

/** Everything processing knows of one partition. */
export interface PartitionState {
  partition: number;
  devices: Map<string, DeviceStream>;
  /** Greatest `receivedAt` of a live record read. */
  liveTime: Instant;
  /** Streams changed since the last `collect`. */
  touched: DeviceStream[];
  /** Windows published or changed since the last `collect`: by `listChanged`. */
  changed: SlotWindow[];
  spare: SpareWindows;
}

export function initialState(partition: number, devices: readonly DeviceStream[] = []): PartitionState {
  return {
    partition,
    devices: new Map(devices.map((d) => [d.deviceId, d])),
    liveTime: Number.NEGATIVE_INFINITY,
    touched: [],
    changed: [],
    spare: [],
  };
}

/** The device's stream, made when it is new. */
export function deviceOf(state: PartitionState, deviceId: string, domain: ClockDomain): DeviceStream {
  let device = state.devices.get(deviceId);
  if (!device) {
    device = newDeviceStream(deviceId, domain);
    state.devices.set(deviceId, device);
  }
  return device;
}

export function touch(state: PartitionState, device: DeviceStream): void {
  if (device.touched) return;
  device.touched = true;
  state.touched.push(device);
}

export function listChanged(state: PartitionState, window: SlotWindow): void {
  if (window.listed) return;
  window.listed = true;
  state.changed.push(window);
}
