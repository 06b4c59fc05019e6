import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import type { TestContext } from 'vitest';
import { type Config, readConfig } from '#apps/config.ts';
import { type DataDirectory, openDataDirectory } from '#apps/data-directory.ts';
import { HOUR_MS, hourOf, MINUTE_MS } from '#domain/instant.ts';
import { ALWAYS } from '#domain/registry/registry.ts';

export const key = Buffer.alloc(32, 9).toString('base64');

/** All ports free ones, and commits quick. */
export function testConfig(): Config {
  return readConfig(undefined, {
    HEADWAY_GATEWAY_MQTT_PORT: '0',
    HEADWAY_GATEWAY_MQTTS_PORT: '0',
    HEADWAY_API_PORT: '0',
    HEADWAY_PROCESSING_COMMIT_EVERY_MS: '100',
  });
}

/** A data directory with one site, and one live device that is registered but stands nowhere. */
export async function testCity(context: TestContext): Promise<DataDirectory> {
  const path = await mkdtemp(join(tmpdir(), 'headway-'));
  const data = openDataDirectory(path);
  context.onTestFinished(async () => {
    data.close();
    await rm(path, { recursive: true, force: true });
  });
  await data.setCity({ name: 'Testham', timezone: 'Europe/London' });
  await data.registry.change([
    { kind: 'site', id: '12', validFrom: ALWAYS, body: { siteId: '12', name: 'High Street' } },
    {
      kind: 'device',
      id: 'loop-1',
      validFrom: ALWAYS,
      body: { deviceId: 'loop-1', domain: 'live', role: 'sensor', key },
    },
  ]);
  return data;
}

/** The start of a minute two hours ago, in the middle of an hour: nothing is ahead, behind or still open. */
export function twoHoursAgo(): number {
  return hourOf(Date.now()) - 2 * HOUR_MS;
}

export function reading(
  from: number,
  minute: number,
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  const observedAt = new Date(from + minute * MINUTE_MS).toISOString();
  return {
    kind: 'traffic-flow',
    observedAt,
    periodS: 60,
    count: 10 + Math.abs(minute),
    speedKmh: 50,
    ...more,
  };
}

/** Sends each payload as one message, QoS 1, as the device does; resolves when all are acknowledged. */
export async function sendAs(
  deviceId: string,
  deviceKey: string,
  port: number,
  payloads: readonly unknown[],
): Promise<void> {
  const client = await connectAsync({
    host: '127.0.0.1',
    port,
    protocol: 'mqtt',
    protocolVersion: 4,
    clientId: deviceId,
    username: deviceId,
    password: deviceKey,
    reconnectPeriod: 0,
  });
  for (const payload of payloads) {
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
    await client.publishAsync(`headway/v1/${deviceId}/telemetry`, text, { qos: 1 });
  }
  await client.endAsync();
}
