import { LIVE } from '#domain/log.ts';
import { openDeviceTwins } from '#infra/sqlite/device-twins.ts';
import { startGateway } from '#ingest/gateway/gateway.ts';
import { keyOf } from '../system/recovery/run-pipeline.ts';
import type { Bench, BenchRow, Scale } from './bench-row.ts';
import { runLoad } from './run-load.ts';

/** The door alone: QoS 1, one reading a message, into a log that is durable at once. */
export const gatewayIngest: Bench = {
  name: 'gateway',
  run: async (scale) => [
    await door('sensor', '50 sensors', scale),
    await door('recorder', '50 recorders of 20 devices', scale),
  ],
};

async function door(role: 'sensor' | 'recorder', label: string, scale: Scale): Promise<BenchRow> {
  const refusals: string[] = [];
  const gateway = await startGateway({
    deviceState: openDeviceTwins(':memory:', Date.now).state,
    log: { append: async () => {} },
    devices: { find: (deviceId) => ({ deviceId, key: keyOf(deviceId), domain: LIVE, role }) },
    door: { refused: (reason) => void refusals.push(reason) },
    host: '127.0.0.1',
    port: 0,
    clock: Date.now,
  });
  try {
    const { ackedPerS, sent } = await runLoad({
      port: gateway.port,
      connections: 50,
      warmUpS: 0.5,
      seconds: scale === 'full' ? 4 : 1,
      role,
    });
    if (refusals.length > 0) throw new Error(`the door refused the load: ${refusals[0]}`);
    if (sent !== gateway.stats().durable) throw new Error('what was acknowledged is not what was logged');
    return { name: `gateway alone, ${label}`, value: ackedPerS, unit: 'messages/s' };
  } finally {
    await gateway.close();
  }
}
