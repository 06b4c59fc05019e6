import type { City } from '#device-sim/city/city.ts';
import type { Fault } from '#device-sim/faults/fault.ts';
import { deviceMessages } from '#device-sim/messages/device-messages.ts';
import { type SensorTruth, truth } from '#device-sim/truth/truth.ts';
import type { Instant } from '#domain/instant.ts';
import type { TrafficFlow } from '#domain/readings/traffic-flow.ts';

export interface SentMessage {
  deviceId: string;
  receivedAt: Instant;
  readings: TrafficFlow[];
}

export interface Sent {
  messages: SentMessage[];
  of(deviceId: string): SentMessage[];
  /** All readings of a device in the order they arrive. */
  readings(deviceId: string): TrafficFlow[];
  lines: Record<string, unknown>[];
  sums: Map<string, SensorTruth>;
}

/** Everything a city's devices send, parsed, beside the truth written while they did. */
export function sent(
  city: City,
  span: { from: Instant; to: Instant },
  options: { faults?: readonly Fault[]; batchMinutes?: number; detail?: 'sums' | 'full' } = {},
): Sent {
  const { faults = [], batchMinutes = 10, detail = 'full' } = options;
  const lines: Record<string, unknown>[] = [];
  const written = truth({ city, ...span, faults, detail, write: (line) => lines.push(JSON.parse(line)) });
  const messages: SentMessage[] = [];
  for (const m of deviceMessages(city, { ...span, batchMinutes, faults, truth: written })) {
    const readings = JSON.parse(Buffer.from(m.payload).toString()) as TrafficFlow[];
    if (readings.length !== m.readings)
      throw new Error(`${m.readings} readings announced, ${readings.length} sent`);
    messages.push({ deviceId: m.deviceId, receivedAt: m.receivedAt, readings });
  }
  const byDevice = Map.groupBy(messages, (m) => m.deviceId);
  const of = (deviceId: string) => byDevice.get(deviceId) ?? [];
  return {
    messages,
    of,
    readings: (deviceId) => of(deviceId).flatMap((m) => m.readings),
    lines,
    sums: new Map(written.close().map((s) => [s.deviceId, s])),
  };
}
