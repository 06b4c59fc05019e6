import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { LIVE } from '#domain/log.ts';
import { startGateway } from '#ingest/gateway/gateway.ts';

const CONNECTIONS = 50;
const WINDOW = 20;
const SECONDS = 3;

/** The door alone: QoS 1, one reading of 280 B a message, into a log that is durable at once. */
export async function benchGatewayIngest(): Promise<
  { name: string; value: number; unit: string; limit?: number }[]
> {
  const sensors = await messagesPerSecond('sensor');
  const recorders = await messagesPerSecond('recorder');
  return [
    { name: 'gateway alone, QoS 1, 50 sensors', value: sensors, unit: 'messages/s', limit: 150_000 },
    { name: 'gateway alone, QoS 1, 50 recorder connections', value: recorders, unit: 'messages/s' },
  ];
}

async function messagesPerSecond(role: 'sensor' | 'recorder'): Promise<number> {
  const refusals: string[] = [];
  const gateway = await startGateway({
    log: { append: async () => {} },
    devices: { find: (deviceId) => ({ deviceId, key: `key-${deviceId}`, domain: LIVE, role }) },
    door: { refused: (reason) => void refusals.push(reason) },
    host: '127.0.0.1',
    port: 0,
    clock: Date.now,
  });
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [
      fileURLToPath(new URL('./mqtt-load.mjs', import.meta.url)),
      ...[gateway.port, CONNECTIONS, WINDOW, SECONDS, role].map(String),
    ]);
    const { acked, seconds } = JSON.parse(stdout) as { acked: number; seconds: number };
    if (refusals.length > 0) throw new Error(`the door refused the load: ${refusals[0]}`);
    if (acked > gateway.stats().durable) throw new Error('more was acknowledged than was logged');
    return acked / seconds;
  } finally {
    await gateway.close();
  }
}
