import mqtt from 'mqtt';
import { afterEach, expect, it, type TestContext } from 'vitest';
import { imageOrSkip } from './image.ts';
import { startHeadway, stopAll } from './start-headway.ts';

afterEach(stopAll);

it('starts as nobody in particular, answers, takes a reading and still has it after a restart', async (context) => {
  const headway = await startHeadway(await ourImage(context));
  expect((await headway.run(['id', '-u'])).trim()).not.toBe('0');
  expect((await fetch(`${headway.url}/healthz`)).status).toBe(200);
  // What the engine would run every ten seconds; without systemd podman runs none by itself.
  expect(await headway.healthExitCode()).toBe(0);

  const { key } = await headway.registerSensor('loop-1');
  await publish(headway.mqttUrl, 'loop-1', key, {
    kind: 'traffic-flow',
    observedAt: new Date(Date.now() - 120_000).toISOString(),
    periodS: 60,
    count: 7,
  });
  await expect.poll(() => headway.counted(), { timeout: 20_000 }).toBe(1);

  await headway.restart();
  expect((await fetch(`${headway.url}/healthz`)).status).toBe(200);
  expect(await headway.counted()).toBe(1);
});

function ourImage(context: TestContext): Promise<string> {
  return imageOrSkip(context, 'localhost/headway-test/headway');
}

async function publish(url: string, deviceId: string, key: string, reading: unknown): Promise<void> {
  const client = await mqtt.connectAsync(url, { clientId: deviceId, username: deviceId, password: key });
  await client.publishAsync(`headway/v1/${deviceId}/telemetry`, JSON.stringify(reading), { qos: 1 });
  await client.endAsync();
}
