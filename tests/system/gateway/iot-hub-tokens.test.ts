import {
  Client,
  type DeviceMethodRequest,
  type DeviceMethodResponse,
  Message,
  SharedAccessKeyAuthenticationProvider,
} from 'azure-iot-device';
import { Mqtt } from 'azure-iot-device-mqtt';
import { expect, test, vi } from 'vitest';
import { HOUR_MS } from '#domain/instant.ts';
import { openHub } from './iot-hub-device.ts';
import { until } from './test-door.ts';

test('a device renews its token by connecting again, and nothing it listens to is lost', async (context) => {
  await using door = await openHub(context);
  const { hub } = door.gateway;
  const provider = SharedAccessKeyAuthenticationProvider.fromConnectionString(
    door.connectionString('loop-1'),
  );
  provider.setTokenRenewalValues(3, 1);
  let renewals = 0;
  provider.on('newTokenAvailable', () => {
    renewals++;
  });
  const device = Client.fromAuthenticationProvider(provider, Mqtt);
  await device.setOptions({ ca: door.ca });
  await device.open();
  try {
    const heard: string[] = [];
    device.on('message', (message) => {
      heard.push(message.data.toString());
      void device.complete(message);
    });
    device.onDeviceMethod('ping', (_: DeviceMethodRequest, response: DeviceMethodResponse) => {
      response.send(200, 'pong', () => {});
    });
    const twin = await device.getTwin();
    const desired: unknown[] = [];
    twin.on('properties.desired', (delta: unknown) => void desired.push(delta));
    for (let round = 1; round <= 2; round++) {
      await until(() => renewals > round, 'a renewal');
      await hub.send('loop-1', { body: Buffer.from(`m${round}`), properties: {}, ttlMs: 60_000 });
      const call = { method: 'ping', payload: null, responseTimeoutMs: 2_000, connectTimeoutMs: 2_000 };
      // A call on the connection that is just being left is lost with it.
      const answer = { type: 'answered', status: 200, payload: 'pong' };
      await vi.waitFor(async () => expect(await hub.callMethod('loop-1', call)).toEqual(answer), 10_000);
      await hub.changeTwin('loop-1', { type: 'patch', desired: { round } });
      await until(() => (desired.at(-1) as { round?: number }).round === round, 'the twin');
      await device.sendEvent(new Message(`{"round":${round}}`));
      await until(() => heard.includes(`m${round}`), 'the message');
    }
    expect([...new Set(heard)]).toEqual(['m1', 'm2']);
    expect(door.log.entries).toHaveLength(2);
    expect(door.refusals).toEqual([]);
    expect((await device.getTwin()).properties.desired).toMatchObject({ round: 2 });
  } finally {
    await device.close();
  }
});

test('a device whose token has run out is closed; the SDK comes again with a new one', async (context) => {
  await using door = await openHub(context, { limits: { connectTimeoutMs: 400 } });
  const { hub } = door.gateway;
  const device = await door.azureDevice('loop-1');
  device.onDeviceMethod('ping', (_: DeviceMethodRequest, response: DeviceMethodResponse) => {
    response.send(200, () => {});
  });
  const call = { method: 'ping', payload: null, responseTimeoutMs: 2_000, connectTimeoutMs: 10_000 };
  expect(await hub.callMethod('loop-1', call)).toMatchObject({ status: 200 });
  // The SDK's own clock still finds its token good: only ours has moved.
  door.at(Date.now() + 2 * HOUR_MS);
  await until(() => door.refusals.length > 0, 'the end');
  door.at(Date.now());
  expect(door.refusals[0]).toEqual(['expired-token', 'loop-1']);
  expect(await hub.callMethod('loop-1', call)).toMatchObject({ status: 200 });
});
