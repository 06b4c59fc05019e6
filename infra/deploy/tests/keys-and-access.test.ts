import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Inputs, madeBy, smallCity } from './made-resources.ts';

const city = await madeBy(smallCity);

test('every service that could take a key takes identities only', () => {
  assert.equal(city.one('Namespace').disableLocalAuth, true);
  assert.equal(city.one('DatabaseAccount').disableLocalAuth, true);
  assert.equal(city.one('StorageAccount').allowSharedKeyAccess, false);
  assert.equal(city.one('IotHubResource').properties.disableLocalAuth, true);
  assert.equal(city.one('Workspace').features.disableLocalAuth, true);
  assert.equal(city.one('Component').disableLocalAuth, true);
  assert.equal(city.one('Vault').properties.enableRbacAuthorization, true);
});

test('no key, connection string or password is handed to anything', () => {
  const secretive =
    /^(?!allow).*(connectionstring|sharedkey|accountkey|primarykey|secondarykey|password|authorizationpolic|accesspolic)/i;
  const found = city.made.flatMap((m) =>
    namesWithin(m.inputs)
      .filter((n) => secretive.test(n))
      .map((n) => `${m.name}: ${n}`),
  );
  assert.deepEqual(found, []);
  for (const app of city.all('ContainerApp')) {
    const { configuration, template } = app.inputs;
    // What is no identity lies in the vault: a container knows its place.
    for (const secret of configuration.secrets)
      assert.deepEqual(Object.keys(secret).sort(), ['identity', 'keyVaultUrl', 'name']);
    for (const { value, secretRef } of template.containers[0].env)
      assert.doesNotMatch(value ?? secretRef, /SharedAccess|AccountKey/);
  }
});

test('nothing speaks less than TLS 1.2', () => {
  assert.equal(city.one('Namespace').minimumTlsVersion, '1.2');
  assert.equal(city.one('StorageAccount').minimumTlsVersion, 'TLS1_2');
  assert.equal(city.one('StorageAccount').enableHttpsTrafficOnly, true);
  assert.equal(city.one('DatabaseAccount').minimalTlsVersion, 'Tls12');
  assert.equal(city.one('IotHubResource').properties.minTlsVersion, '1.2');
  assert.equal(city.one('ContainerApp', 'leeds-api').configuration.ingress.allowInsecure, false);
});

test('no blob is public', () => {
  assert.equal(city.one('StorageAccount').allowBlobPublicAccess, false);
  const containers = city.all('BlobContainer');
  assert.deepEqual(containers.map((c) => c.name).sort(), ['checkpoints', 'lake', 'ownership']);
  for (const { inputs } of containers) assert.equal(inputs.publicAccess, 'None');
});

test('IoT Hub routes telemetry to the hub of readings, as itself', () => {
  const { routing } = city.one('IotHubResource').properties;
  const [endpoint] = routing.endpoints.eventHubs;
  assert.equal(endpoint.authenticationType, 'identityBased');
  assert.equal(endpoint.identity.userAssignedIdentity, '/UserAssignedIdentity/leeds-iothub');
  assert.equal(endpoint.endpointUri, 'sb://leeds-log.servicebus.windows.net');
  assert.equal(endpoint.entityPath, 'readings');
  assert.deepEqual(
    routing.routes.map((r: Inputs) => [r.source, r.endpointNames, r.isEnabled]),
    [['DeviceMessages', ['readings'], true]],
  );
});

test('the provisioning service is linked to the hub as itself', () => {
  const { parameters, template } = city.one('Deployment').properties;
  const [dps] = template.resources;
  assert.equal(dps.type, 'Microsoft.Devices/provisioningServices');
  assert.equal(dps.properties.iotHubs[0].authenticationType, 'UserAssigned');
  assert.deepEqual(parameters.hub, { value: 'leeds-devices.azure-devices.net' });
  assert.deepEqual(parameters.identity, { value: '/UserAssignedIdentity/leeds-provisioning' });
});

test('the database is what infra/cosmos will open', () => {
  assert.equal(city.one('DatabaseAccount').consistencyPolicy.defaultConsistencyLevel, 'Strong');
  assert.deepEqual(
    city
      .all('SqlResourceSqlContainer')
      .map((c) => c.name)
      .sort(),
    ['journal', 'ledger', 'registry', 'windows'],
  );
  const windows = city.one('SqlResourceSqlContainer', 'windows').resource;
  assert.deepEqual(windows.partitionKey.paths, ['/deviceId']);
  assert.deepEqual(windows.indexingPolicy.excludedPaths, [{ path: '/*' }]);
  // The windows in the store must outlive what admission accepts (7 days).
  assert.ok(windows.defaultTtl > 7 * 86_400);
  assert.equal(city.one('SqlResourceSqlContainer', 'ledger').resource.defaultTtl, undefined);
});

test('Cosmos DB is serverless or scales by itself, as settings say', async () => {
  assert.deepEqual(city.one('DatabaseAccount').capabilities, []);
  assert.equal(city.one('SqlResourceSqlDatabase').options.autoscaleSettings.maxThroughput, 4_000);
  const serverless = await madeBy({ ...smallCity, cosmosMaxRu: 0 });
  assert.deepEqual(serverless.one('DatabaseAccount').capabilities, [{ name: 'EnableServerless' }]);
  assert.equal(serverless.one('SqlResourceSqlDatabase').options, undefined);
});

test('everything says whose it is', () => {
  assert.deepEqual(city.one('ResourceGroup').tags, { app: 'headway', city: 'leeds' });
  for (const type of [
    'Namespace',
    'StorageAccount',
    'DatabaseAccount',
    'IotHubResource',
    'Vault',
    'ContainerApp',
    'UserAssignedIdentity',
    'MetricAlert',
    'ScheduledQueryRule',
  ]) {
    for (const { name, inputs } of city.all(type)) {
      const { app, city: whose } = inputs.tags as Record<string, string>;
      assert.deepEqual([app, whose], ['headway', 'leeds'], name);
    }
  }
});

function namesWithin(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(namesWithin);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [name, ...namesWithin(inner)]);
}
