import { createHmac } from 'node:crypto';
import { request } from 'node:https';
import { type DeviceMethodRequest, type DeviceMethodResponse, Message } from 'azure-iot-device';
import { expect, test } from 'vitest';
import { hubRegistry } from '#infra/iot-hub/hub-registry.ts';
import { openTestHub, policyKey } from './test-hub.ts';

const key = (n: number) => Buffer.alloc(32, n).toString('base64');
const sas = (primaryKey: string, secondaryKey: string) => ({
  authentication: { type: 'sas' as const, symmetricKey: { primaryKey, secondaryKey } },
});

test('the real SDK creates, reads, updates, lists and deletes devices', async (context) => {
  const { registry } = await openTestHub(context);
  const created = (await registry.create({ deviceId: 'loop-1', ...sas(key(1), key(2)) })).responseBody;
  expect(created).toMatchObject({ deviceId: 'loop-1', status: 'enabled', connectionState: 'Disconnected' });
  expect(created.authentication).toMatchObject({ type: 'sas', symmetricKey: { primaryKey: key(1) } });
  await expect(registry.create({ deviceId: 'loop-1' })).rejects.toMatchObject({
    name: 'DeviceAlreadyExistsError',
  });
  const made = (await registry.create({ deviceId: 'loop-2' })).responseBody;
  expect(Buffer.from(made.authentication!.symmetricKey!.primaryKey!, 'base64')).toHaveLength(32);

  const updated = (await registry.update({ deviceId: 'loop-1', status: 'disabled', ...sas(key(1), key(2)) }))
    .responseBody;
  expect(updated.status).toBe('disabled');
  const { etag } = updated as unknown as { etag: string };
  expect(etag).not.toBe((created as unknown as { etag: string }).etag);
  await expect(registry.update({ deviceId: 'nobody', ...sas(key(1), key(2)) })).rejects.toMatchObject({
    name: 'DeviceNotFoundError',
  });
  expect((await registry.list()).responseBody.map((device) => device.deviceId)).toEqual(['loop-1', 'loop-2']);
  expect((await registry.getRegistryStatistics()).responseBody).toMatchObject({
    totalDeviceCount: 2,
    disabledDeviceCount: 1,
  });

  await registry.delete('loop-2');
  await expect(registry.get('loop-2')).rejects.toMatchObject({ name: 'DeviceNotFoundError' });
  const thumbprint = 'AB'.repeat(20);
  const certified = await registry.create({
    deviceId: 'cam-1',
    authentication: {
      x509Thumbprint: { primaryThumbprint: thumbprint.toLowerCase(), secondaryThumbprint: '' },
    },
  } as never);
  expect(certified.responseBody.authentication).toMatchObject({
    type: 'selfSigned',
    x509Thumbprint: { primaryThumbprint: thumbprint },
  });
});

test('a bulk does what it can and names what it can not', async (context) => {
  const { registry } = await openTestHub(context);
  const devices = Array.from({ length: 100 }, (_, i) => ({ deviceId: `d-${i}`, ...sas(key(1), key(2)) }));
  await registry.addDevices(devices as never);
  await expect(registry.addDevices([devices[7], { deviceId: 'new' }] as never)).rejects.toMatchObject({
    name: 'ArgumentError',
    responseBody: expect.stringContaining('"deviceId":"d-7","errorCode":"DeviceAlreadyExists"'),
  });
  expect((await registry.get('new')).responseBody.deviceId).toBe('new');
  await registry.updateDevices(
    [{ deviceId: 'd-1', status: 'disabled', ...sas(key(1), key(2)) }] as never,
    true,
  );
  expect((await registry.get('d-1')).responseBody.status).toBe('disabled');
  await registry.removeDevices([{ deviceId: 'd-2' }] as never, true);
  expect((await registry.getRegistryStatistics()).responseBody).toMatchObject({ totalDeviceCount: 100 });
});

test('service and device see one twin, with etags on the service side', async (context) => {
  const hub = await openTestHub(context);
  const { registry } = hub;
  await registry.create({ deviceId: 'loop-1', ...sas(key(1), key(2)) });
  // The secondary key is as good as the primary.
  const device = await hub.device('loop-1', key(2));
  const own = await device.getTwin();
  const told: unknown[] = [];
  own.on('properties.desired', (delta: unknown) => void told.push(delta));
  await new Promise((resolve) => setTimeout(resolve, 200));

  const before = (await registry.getTwin('loop-1')).responseBody;
  const patched = (
    await registry.updateTwin(
      'loop-1',
      { tags: { site: '12' }, properties: { desired: { interval: 30 } } },
      before.etag,
    )
  ).responseBody;
  expect(patched).toMatchObject({
    tags: { site: '12' },
    connectionState: 'Connected',
    properties: { desired: { interval: 30, $version: 2 } },
  });
  await expect(registry.updateTwin('loop-1', { tags: { site: '13' } }, before.etag)).rejects.toMatchObject({
    name: 'InvalidEtagError',
  });
  await expect.poll(() => told.at(-1)).toEqual({ interval: 30, $version: 2 });

  await new Promise<void>((resolve, reject) => {
    own.properties.reported.update({ firmware: '2' }, (error: Error | undefined) =>
      error ? reject(error) : resolve(),
    );
  });
  const after = (await registry.getTwin('loop-1')).responseBody;
  expect(after.properties.reported).toMatchObject({ firmware: '2', $version: 2 });
  // What a device reports does not stand in the way of the office's change.
  expect(after.etag).toBe(patched.etag);
  expect(after.properties.desired.$metadata.interval.$lastUpdated).toMatch(/^20\d\d-/);
  await expect(registry.getTwin('nobody')).rejects.toMatchObject({ name: 'DeviceNotFoundError' });
});

test('the service calls a method on a device, and is told when it is away', async (context) => {
  const hub = await openTestHub(context);
  await hub.registry.create({ deviceId: 'loop-1', ...sas(key(1), key(2)) });
  const call = {
    methodName: 'reboot',
    payload: { inS: 3 },
    responseTimeoutInSeconds: 5,
    connectTimeoutInSeconds: 0,
  };
  const away = hub.service.invokeDeviceMethod('loop-1', call);
  await expect(away).rejects.toMatchObject({
    message: 'Not found',
    responseBody: expect.stringContaining('DeviceNotOnline'),
  });
  await expect(hub.service.invokeDeviceMethod('nobody', call)).rejects.toMatchObject({
    name: 'DeviceNotFoundError',
  });

  const device = await hub.device('loop-1', key(1));
  device.onDeviceMethod('reboot', (asked: DeviceMethodRequest, response: DeviceMethodResponse) => {
    response.send(200, { was: asked.payload }, () => {});
  });
  const answer = await hub.service.invokeDeviceMethod('loop-1', { ...call, connectTimeoutInSeconds: 5 });
  expect(answer.result).toEqual({ status: 200, payload: { was: { inS: 3 } } });
  await device.sendEvent(new Message('{"kind":"device-status"}'));
  expect(hub.logged.map(({ deviceId, domain }) => [deviceId, domain])).toEqual([['loop-1', 'live']]);

  await hub.registry.update({ deviceId: 'loop-1', status: 'disabled', ...sas(key(1), key(2)) });
  await expect(hub.device('loop-1', key(1))).rejects.toMatchObject({ name: 'UnauthorizedError' });
});

test('a service with another key, another policy or an expired token is unauthorized', async (context) => {
  const { connectionString, ca, registry } = await openTestHub(context);
  for (const [spoilt, detail] of [
    [connectionString.replace(policyKey, key(9)), 'not of this key'],
    [connectionString.replace('iothubowner', 'service'), 'no policy service'],
  ] as const) {
    await expect(hubRegistry({ connectionString: spoilt }, ca).list()).rejects.toMatchObject({
      name: 'UnauthorizedError',
      message: expect.stringContaining(detail),
    });
  }
  const port = Number(/:(\d+);/.exec(connectionString)![1]);
  const sr = `localhost:${port}`;
  const answer = (se: number, resource = sr) => {
    const sig = createHmac('sha256', Buffer.from(policyKey, 'base64'))
      .update(`${resource}\n${se}`)
      .digest('base64');
    const authorization = `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(sig)}&skn=iothubowner&se=${se}`;
    return new Promise<number>((resolve, reject) => {
      request({ host: 'localhost', port, path: '/devices', ca, headers: { authorization } }, (response) => {
        response.resume();
        resolve(response.statusCode!);
      })
        .on('error', reject)
        .end();
    });
  };
  const nowS = Math.floor(Date.now() / 1_000);
  expect(await answer(nowS + 60)).toBe(200);
  expect(await answer(nowS - 1)).toBe(401);
  expect(await answer(nowS + 60, 'other.azure-devices.net')).toBe(401);
  expect((await registry.list()).responseBody).toEqual([]);
});

test('what is not there is refused with 501, by name', async (context) => {
  const hub = await openTestHub(context);
  const { registry } = hub;
  const named = (operation: string) => ({
    responseBody: expect.stringContaining(`not implemented by the local IoT Hub: ${operation}`),
  });
  await expect(registry.listJobs()).rejects.toMatchObject(named('GET /jobs'));
  await expect(registry.getConfigurations()).rejects.toMatchObject(named('GET /configurations'));
  await expect(registry.getModulesOnDevice('loop-1')).rejects.toMatchObject(named('GET /devices/*/modules'));
  await expect(registry.createQuery('SELECT deviceId FROM devices').nextAsTwin()).rejects.toMatchObject(
    named('query SELECT deviceId'),
  );
  await expect(
    registry.create({ deviceId: 'x', authentication: { type: 'certificateAuthority' } } as never),
  ).rejects.toMatchObject(named('authentication certificateAuthority'));
});
