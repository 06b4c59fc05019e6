import assert from 'node:assert/strict';
import { test } from 'node:test';
import { madeBy, smallCity } from './made-resources.ts';

const city = await madeBy(smallCity);
const template = (role: string) => city.one('ContainerApp', `leeds-${role}`).template;
const ingress = (role: string) => city.one('ContainerApp', `leeds-${role}`).configuration.ingress;

test('processors follow the consumer lag, asked for as the processor itself', () => {
  const { minReplicas, maxReplicas, rules } = template('processor').scale;
  assert.deepEqual([minReplicas, maxReplicas], [1, 8]);
  const [{ custom }] = rules;
  assert.equal(custom.type, 'azure-eventhub');
  assert.equal(custom.identity, '/UserAssignedIdentity/leeds-processor');
  assert.equal(custom.auth, undefined);
  assert.deepEqual(
    { ...custom.metadata, unprocessedEventThreshold: '' },
    {
      eventHubNamespace: 'leeds-log',
      eventHubName: 'readings',
      consumerGroup: 'processor',
      checkpointStrategy: 'blobMetadata',
      storageAccountName: 'leedslake',
      blobContainer: 'checkpoints',
      unprocessedEventThreshold: '',
    },
  );
});

test('there is one exporter and one bridge, whatever happens', () => {
  for (const role of ['exporter', 'bridge']) {
    const { minReplicas, maxReplicas } = template(role).scale;
    assert.deepEqual([minReplicas, maxReplicas], [1, 1], role);
  }
});

test('the bridge is told of its broker, and has the password from the vault as itself', () => {
  const { env } = template('bridge').containers[0];
  const told = Object.fromEntries(env.map((e: { name: string; value: string }) => [e.name, e.value]));
  assert.equal(told.HEADWAY_BRIDGE_URL, 'mqtts://broker.leeds.example');
  assert.equal(told.HEADWAY_BRIDGE_DEVICE_OF, 'loops/{device}');
  assert.deepEqual(
    env.filter((e: { secretRef?: string }) => e.secretRef),
    [{ name: 'HEADWAY_BRIDGE_PASSWORD', secretRef: 'bridge-password' }],
  );
  assert.deepEqual(city.one('ContainerApp', 'leeds-bridge').configuration.secrets, [
    {
      name: 'bridge-password',
      keyVaultUrl: 'https://leeds-vault.vault.azure.net/secrets/bridge-password',
      identity: '/UserAssignedIdentity/leeds-bridge',
    },
  ]);
});

test('a city without a broker of its own has no bridge, and nobody waits to hear of one', async () => {
  const without = await madeBy({ ...smallCity, bridge: undefined });
  assert.deepEqual(
    without
      .all('ContainerApp')
      .map((a) => a.inputs.tags.role)
      .sort(),
    ['api', 'exporter', 'gateway', 'processor'],
  );
  const [{ query, threshold }] = without.one('ScheduledQueryRule', 'silent-role').criteria.allOf;
  assert.equal(threshold, 4);
  assert.doesNotMatch(query, /bridge/);
});

test('the processor and the exporter read the log each for itself', () => {
  assert.deepEqual(
    city
      .all('ConsumerGroup')
      .map((g) => g.name)
      .sort(),
    ['exporter', 'processor'],
  );
  const groupOf = (role: string) =>
    template(role).containers[0].env.find(
      (e: { name: string }) => e.name === 'HEADWAY_EVENT_HUBS_CONSUMER_GROUP',
    ).value;
  assert.equal(groupOf('processor'), 'processor');
  assert.equal(groupOf('exporter'), 'exporter');
});

test('devices reach the gateway by MQTT over TLS that the gateway itself ends', () => {
  const { external, transport, targetPort, exposedPort } = ingress('gateway');
  assert.deepEqual([external, transport, targetPort, exposedPort], [true, 'tcp', 8883, 8883]);
  // Container Apps offer TCP to the outside in a network of one's own alone.
  assert.equal(city.one('ManagedEnvironment').vnetConfiguration.infrastructureSubnetId, '/Subnet/apps');
});

test('the gateway has its certificate from the vault as itself, in the files that it is told', () => {
  const { volumes, containers } = template('gateway');
  assert.deepEqual(volumes, [
    {
      name: 'secrets',
      storageType: 'Secret',
      secrets: [
        { path: 'certificate.pem', secretRef: 'gateway-certificate' },
        { path: 'key.pem', secretRef: 'gateway-key' },
      ],
    },
  ]);
  assert.deepEqual(containers[0].volumeMounts, [{ volumeName: 'secrets', mountPath: '/secrets' }]);
  const told = Object.fromEntries(
    containers[0].env.map((e: { name: string; value: string }) => [e.name, e.value]),
  );
  assert.equal(told.HEADWAY_GATEWAY_CERTIFICATE_FILE, '/secrets/certificate.pem');
  assert.equal(told.HEADWAY_GATEWAY_KEY_FILE, '/secrets/key.pem');
  assert.deepEqual(
    city
      .one('ContainerApp', 'leeds-gateway')
      .configuration.secrets.map((s: { keyVaultUrl: string }) => s.keyVaultUrl),
    ['certificate', 'key'].map((n) => `https://leeds-vault.vault.azure.net/secrets/gateway-${n}`),
  );
});

test('only the gateway and the page can be reached', () => {
  for (const role of ['bridge', 'processor', 'exporter']) assert.equal(ingress(role), undefined, role);
  assert.equal(ingress('api').targetPort, 8080);
});

test('every role is asked whether it is alive and ready, where the app answers that', () => {
  for (const { name, inputs } of city.all('ContainerApp')) {
    const [{ probes, env }] = inputs.template.containers;
    assert.deepEqual(
      probes.map((p: { type: string; httpGet: object }) => [p.type, p.httpGet]),
      [
        ['Startup', { path: '/healthz', port: 8090 }],
        ['Liveness', { path: '/healthz', port: 8090 }],
        ['Readiness', { path: '/readyz', port: 8090 }],
      ],
      name,
    );
    const told = Object.fromEntries(env.map((e: { name: string; value: string }) => [e.name, e.value]));
    assert.deepEqual([told.HEADWAY_HEALTH_HOST, told.HEADWAY_HEALTH_PORT], ['0.0.0.0', '8090'], name);
  }
});

test('every app is given time to commit', () => {
  for (const { name, inputs } of city.all('ContainerApp')) {
    assert.ok(inputs.template.terminationGracePeriodSeconds >= 30, name);
  }
});

test('the log grows by itself up to what the settings allow', () => {
  const { sku, isAutoInflateEnabled, maximumThroughputUnits } = city.one('Namespace');
  assert.deepEqual([sku.capacity, isAutoInflateEnabled, maximumThroughputUnits], [1, true, 4]);
  assert.equal(city.one('EventHub').partitionCount, 8);
});
