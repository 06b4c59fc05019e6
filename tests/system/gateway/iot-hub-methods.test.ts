import type { DeviceMethodRequest, DeviceMethodResponse } from 'azure-iot-device';
import { expect, test } from 'vitest';
import { openHub } from './iot-hub-device.ts';
import { until } from './test-door.ts';

const call = (method: string, payload?: unknown, times: Record<string, number> = {}) => ({
  method,
  payload: payload as never,
  responseTimeoutMs: 5_000,
  connectTimeoutMs: 0,
  ...times,
});

test('a device answers a method with its status and payload', async (context) => {
  await using door = await openHub(context);
  const { hub } = door.gateway;
  const device = await door.azureDevice('loop-1');
  device.onDeviceMethod('reboot', (request: DeviceMethodRequest, response: DeviceMethodResponse) => {
    response.send(
      202,
      { after: (request.payload as { inS: number }).inS, asked: request.methodName },
      () => {},
    );
  });
  device.onDeviceMethod('silent', () => {});
  const answers = await Promise.all([
    hub.callMethod('loop-1', call('reboot', { inS: 5 }, { connectTimeoutMs: 3_000 })),
    hub.callMethod('loop-1', call('reboot', { inS: 7 }, { connectTimeoutMs: 3_000 })),
  ]);
  expect(answers).toEqual([
    { type: 'answered', status: 202, payload: { after: 5, asked: 'reboot' } },
    { type: 'answered', status: 202, payload: { after: 7, asked: 'reboot' } },
  ]);
  expect(await hub.callMethod('loop-1', call('silent', null, { responseTimeoutMs: 100 }))).toEqual({
    type: 'timeout',
  });
  expect(await hub.callMethod('loop-1', call('a/b'))).toMatchObject({ type: 'bad-call' });
});

test('a device that is away, or listens to no methods, is offline; one that comes in time is not', async (context) => {
  await using door = await openHub(context);
  const { hub } = door.gateway;
  expect(await hub.callMethod('loop-1', call('reboot'))).toEqual({ type: 'offline' });
  const waited = hub.callMethod('loop-1', call('reboot', null, { connectTimeoutMs: 5_000 }));
  const deaf = await door.azureDevice('loop-2');
  expect(await hub.callMethod('loop-2', call('reboot'))).toEqual({ type: 'offline' });
  await deaf.close();
  const device = await door.azureDevice('loop-1');
  device.onDeviceMethod('reboot', (_request: DeviceMethodRequest, response: DeviceMethodResponse) => {
    response.send(200, () => {});
  });
  expect(await waited).toMatchObject({ type: 'answered', status: 200 });
});

test('a call ends with the connection it was made on, and no more than ten wait for one device', async (context) => {
  await using door = await openHub(context);
  const { hub } = door.gateway;
  const device = await door.client('loop-1');
  await device.subscribeAsync('$iothub/methods/POST/#');
  const asked: string[] = [];
  device.on('message', (topic) => void asked.push(topic));
  const calls = Array.from({ length: 11 }, () => hub.callMethod('loop-1', call('reboot')));
  expect(await calls[10]).toEqual({ type: 'busy' });
  await until(() => asked.length === 10, 'the calls');
  expect(asked[0]).toBe('$iothub/methods/POST/reboot/?$rid=1');
  await device.publishAsync('$iothub/methods/res/200/?$rid=1', '{not json');
  expect(await calls[0]).toMatchObject({ type: 'bad-answer' });
  device.end(true);
  expect(await Promise.all(calls.slice(1, 10))).toEqual(Array(9).fill({ type: 'lost' }));
});
