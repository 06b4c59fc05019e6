import { expect, test } from 'vitest';
import { LIVE } from '#domain/log.ts';
import { ALWAYS, type NewRegistryChange, registryView } from '#domain/registry/registry.ts';
import { azureDeviceOffice } from '#infra/iot-hub/azure-device-office.ts';
import { provisionIotHub } from '#infra/iot-hub/provision-iot-hub.ts';
import { headway } from '../cli/headway.ts';
import { testCity } from '../cli/test-city.ts';
import { openTestHub, policyKey } from './test-hub.ts';

const key = (n: number) => Buffer.alloc(32, n).toString('base64');
const NOW = Date.UTC(2026, 5, 1);
const SHA256 = 'AB'.repeat(32);

const device = (deviceId: string, more: object = { key: key(1) }, validFrom = ALWAYS): NewRegistryChange => ({
  kind: 'device',
  id: deviceId,
  validFrom,
  body: { deviceId, domain: LIVE, role: 'sensor', ...more },
});
const retired = (deviceId: string, validFrom: number): NewRegistryChange => ({
  kind: 'device',
  id: deviceId,
  validFrom,
  body: null,
});
const viewOf = (...changes: NewRegistryChange[]) =>
  registryView(changes.map((change, i) => ({ ...change, version: i + 1, changedAt: 0 })));
const sorted = (changes: { deviceId: string; change: string; detail: string }[]) =>
  changes.map(({ deviceId, change, detail }) => `${deviceId} ${change} ${detail}`.trim()).sort();

test('the hub follows the registry: what is new, what changed, what was retired; the second time nothing', async (context) => {
  const hub = await openTestHub(context);
  const { registry } = hub;
  const provision = (view: ReturnType<typeof viewOf>, dryRun = false) =>
    provisionIotHub(registry, view, NOW, { dryRun });
  await registry.create({ deviceId: 'somebody-elses' });
  const first = [
    device('loop-1'),
    device('loop-2'),
    device('cam-1', { thumbprints: [SHA256] }),
    device('later', { key: key(1) }, NOW + 1),
    device('feed', { role: 'recorder', key: key(1) }),
    device('old-1', { domain: 'recording:week', key: key(1) }),
  ];
  const foreign = 'somebody-elses foreign not of this registry: left as it is';
  const told = await provision(viewOf(...first), true);
  expect(sorted(told.changes)).toEqual(['cam-1 created', 'loop-1 created', 'loop-2 created', foreign]);
  expect((await registry.list()).responseBody).toHaveLength(1);
  expect(sorted((await provision(viewOf(...first))).changes)).toEqual(sorted(told.changes));
  expect(await provision(viewOf(...first))).toMatchObject({ changes: [{ change: 'foreign' }], unchanged: 3 });
  const { authentication } = (await registry.get('loop-1')).responseBody;
  expect(authentication!.symmetricKey!.primaryKey).toBe(key(1));

  // The registry's key lets a real device in; what the hub has of it outlives the changes below.
  const sensor = await hub.device('loop-1', key(1));
  await sensor.close();
  await hub.gateway.hub.changeTwin('loop-2', { type: 'patch', desired: { interval: 30 } });

  const second = [
    ...first,
    device('loop-1', { key: key(2) }, NOW - 1),
    device('cam-1', { key: key(1) }, NOW - 1),
    retired('loop-2', NOW - 1),
  ];
  expect(sorted((await provision(viewOf(...second))).changes)).toEqual([
    'cam-1 updated authentication was selfSigned',
    'loop-1 updated another key',
    'loop-2 disabled retired',
    foreign,
  ]);
  expect((await provision(viewOf(...second))).unchanged).toBe(3);
  await expect(hub.device('loop-1', key(1))).rejects.toMatchObject({ name: 'UnauthorizedError' });
  await (await hub.device('loop-1', key(2))).close();
  const again = await provision(viewOf(...second, device('loop-2', { key: key(1) }, NOW)));
  expect(sorted(again.changes)).toEqual([foreign, 'loop-2 updated was disabled'].sort());
  expect((await hub.gateway.hub.twin('loop-2')).desired.values).toEqual({ interval: 30 });
});

test('a hub of more than a thousand devices is read by query and each key asked for; one bad key stops no other', async (context) => {
  const { registry } = await openTestHub(context);
  const many = Array.from({ length: 1_101 }, (_, i) => device(`d-${String(i).padStart(4, '0')}`));
  const bad = device('bad', { key: 'c2hvcnQ=' });
  const done = await provisionIotHub(registry, viewOf(bad, ...many), NOW, { dryRun: false });
  expect(done.changes.filter(({ change }) => change === 'created')).toHaveLength(1_101);
  expect(done.changes.filter(({ change }) => change === 'failed')).toEqual([
    { deviceId: 'bad', change: 'failed', detail: 'ArgumentInvalid: a key is base64 of 16 to 64 bytes' },
  ]);
  const view = viewOf(...many, device('d-0007', { key: key(2) }));
  expect(await provisionIotHub(registry, view, NOW, { dryRun: false })).toEqual({
    changes: [{ deviceId: 'd-0007', change: 'updated', detail: 'another key' }],
    unchanged: 1_100,
  });
});

test('an operator syncs the hub, and reads a twin through it, from the command line', async (context) => {
  const hub = await openTestHub(context);
  const data = await testCity(context);
  const none = await headway(data.path, 'device', 'sync-hub');
  expect(none).toMatchObject({ code: 2, stdout: '' });
  expect(none.stderr).toContain('HEADWAY_IOT_HUB_CONNECTION_STRING');
  process.env.HEADWAY_IOT_HUB_CONNECTION_STRING = hub.connectionString;
  process.env.NODE_EXTRA_CA_CERTS = hub.caPath;
  context.onTestFinished(() => {
    delete process.env.HEADWAY_IOT_HUB_CONNECTION_STRING;
    delete process.env.NODE_EXTRA_CA_CERTS;
  });
  const synced = await headway(data.path, 'device', 'sync-hub', '--format', 'csv');
  expect(synced).toEqual({
    code: 0,
    stdout: 'device_id,change,detail\nloop-1,created,\n',
    stderr: '0 unchanged\n',
  });
  const again = await headway(data.path, 'device', 'sync-hub');
  expect(again).toEqual({ code: 0, stdout: '(no rows)\n', stderr: '1 unchanged\n' });
  await hub.gateway.hub.changeTwin('loop-1', { type: 'patch', desired: { intervalS: 30 } });
  const twin = await headway(data.path, 'device', 'twin', 'loop-1', '--format', 'csv');
  expect(twin.stdout).toMatch(/^part,property,value,changed\ndesired,intervalS,30,20\d\d-.*\n$/);
  const shown = await headway(data.path, 'config', 'check');
  expect(shown.stdout).toContain('SharedAccessKey=***');
  expect(shown.stdout).not.toContain(policyKey);
});

test('a wrong key, an unknown hub, a broken connection string and a device that is not there each have their error', async (context) => {
  const hub = await openTestHub(context);
  const data = await testCity(context);
  process.env.NODE_EXTRA_CA_CERTS = hub.caPath;
  context.onTestFinished(() => {
    delete process.env.HEADWAY_IOT_HUB_CONNECTION_STRING;
    delete process.env.NODE_EXTRA_CA_CERTS;
  });
  const run = async (connectionString: string, ...args: string[]) => {
    process.env.HEADWAY_IOT_HUB_CONNECTION_STRING = connectionString;
    const { code, stdout, stderr } = await headway(data.path, 'device', ...args);
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).not.toContain(policyKey);
    return stderr;
  };
  const { connectionString } = hub;
  const wrongKey = connectionString.replace(policyKey, key(9));
  expect(await run(wrongKey, 'sync-hub')).toMatch(/UnauthorizedError.*not of this key.*clock right/s);
  const unknown = connectionString.replace(/localhost:\d+/, 'no-such-hub.invalid');
  expect(await run(unknown, 'sync-hub')).toMatch(/no-such-hub.invalid.*HostName/s);
  expect(await run('HostName=x', 'twin', 'loop-1')).toContain('HostName=...;SharedAccessKeyName=');
  expect(await run(connectionString, 'twin', 'loop-1')).toMatch(/DeviceNotFoundError.*sync-hub/s);
});

test('the office of an Azure IoT Hub reads and changes twins and calls methods through the real SDK', async (context) => {
  const hub = await openTestHub(context);
  await hub.registry.create({ deviceId: 'loop-1' });
  const office = azureDeviceOffice({ connectionString: hub.connectionString }, hub.ca);
  expect(
    await office.changeTwin('loop-1', { type: 'patch', desired: { a: { b: 1 } }, tags: { crew: 'north' } }),
  ).toMatchObject({
    desired: { values: { a: { b: 1 } }, version: 2 },
    tags: { crew: 'north' },
  });
  expect(await office.twin('loop-1')).toEqual({ ...(await hub.gateway.hub.twin('loop-1')), etag: 0 });
  expect(await office.changeTwin('loop-1', { type: 'patch', desired: { 'a b': 1 } })).toMatchObject({
    fault: 'rule',
  });
  const call = { method: 'reboot', payload: null, responseTimeoutMs: 5_000, connectTimeoutMs: 0 };
  expect(await office.callMethod('loop-1', call)).toEqual({ type: 'offline' });
  const message = { body: Buffer.from('x'), properties: {}, ttlMs: 60_000 };
  await expect(office.send('loop-1', message)).rejects.toThrow('a local IoT Hub has no AMQP');
  await expect(office.callMethod('nobody', call)).rejects.toMatchObject({ name: 'DeviceNotFoundError' });
});
