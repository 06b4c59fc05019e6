import assert from 'node:assert/strict';
import { test } from 'node:test';
import { madeBy, smallCity } from './made-resources.ts';

const city = await madeBy(smallCity);

/** Azure's own ids of its built-in roles, from its documentation. */
const roleNames: Record<string, string> = {
  '2b629674-e913-4c01-ae53-ef4638d8f975': 'send events',
  'a638d3c7-ab3a-418d-83e6-5f17a39d4fde': 'receive events',
  'ba92f5b4-2d11-453d-a403-e96b0029c9fe': 'write blobs',
  '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1': 'read blobs',
  '4ea46cd5-c1b2-4a8e-910b-273211f9ce47': 'register devices',
  '494bdba2-168f-4f31-a0a1-191d2f7c028c': 'write twins',
  '4633458b-17de-408a-b874-0445c86b69e6': 'read secrets',
  '7f951dda-4ed3-4680-a7ca-43fe172d538d': 'pull images',
};

const everyApp = ['pull images of leeds'];

/** What each may do, and nothing else: written by hand, not from the program. */
const allowed: Record<string, string[]> = {
  'leeds-gateway': [...everyApp, 'read secrets of leeds-vault', 'send events to readings'],
  'leeds-bridge': [...everyApp, 'read secrets of leeds-vault', 'send events to readings'],
  'leeds-processor': [
    ...everyApp,
    'receive events of readings',
    'write blobs of checkpoints',
    'write blobs of ownership',
  ],
  'leeds-exporter': [
    ...everyApp,
    'receive events of readings',
    'write blobs of checkpoints',
    'write blobs of lake',
  ],
  'leeds-api': [...everyApp, 'read blobs of checkpoints', 'read blobs of lake', 'receive events of readings'],
  'leeds-iothub': ['send events to readings'],
  'leeds-provisioning': ['register devices of leeds-devices', 'write twins of leeds-devices'],
  'operators-of-leeds': [
    'read blobs of checkpoints',
    'read blobs of lake',
    'receive events of readings',
    'register devices of leeds-devices',
    'send events to readings',
    'write twins of leeds-devices',
  ],
};

const allowedInCosmos: Record<string, string[]> = {
  'leeds-gateway': ['read registry', 'write journal'],
  'leeds-bridge': ['read registry', 'write journal'],
  'leeds-processor': ['read registry', 'write journal', 'write ledger', 'write windows'],
  'leeds-exporter': ['read ledger', 'read registry', 'read windows', 'write journal'],
  'leeds-api': ['read journal', 'read ledger', 'read registry', 'read windows'],
  'operators-of-leeds': ['read journal', 'read ledger', 'read windows', 'write registry'],
};

test('each identity has the rights it needs, and no other', () => {
  const given = new Map<string, string[]>();
  for (const { inputs } of city.all('RoleAssignment')) {
    const { principalId, roleDefinitionId, scope } = inputs;
    const role = roleNames[roleDefinitionId!.split('/').at(-1)!];
    assert.ok(role, `${roleDefinitionId} is a role that nobody should have`);
    const preposition = role.startsWith('send') ? 'to' : 'of';
    given.set(principalId!, [
      ...(given.get(principalId!) ?? []),
      `${role} ${preposition} ${scope!.split('/').at(-1)}`,
    ]);
  }
  assert.deepEqual(sorted(given), sorted(new Map(Object.entries(allowed))));
});

test('each has its own containers of the database, and no other', () => {
  const given = new Map<string, string[]>();
  for (const { inputs } of city.all('SqlResourceSqlRoleAssignment')) {
    const { principalId, roleDefinitionId, scope } = inputs;
    const verb = roleDefinitionId.endsWith('2') ? 'write' : 'read';
    assert.match(scope!, /^\/DatabaseAccount\/leeds-store\/dbs\/leeds\/colls\/\w+$/);
    given.set(principalId!, [...(given.get(principalId!) ?? []), `${verb} ${scope!.split('/').at(-1)}`]);
  }
  assert.deepEqual(sorted(given), sorted(new Map(Object.entries(allowedInCosmos))));
});

test('no right reaches over a whole namespace, account, group or subscription', () => {
  const wide = ['ResourceGroup', 'Namespace', 'StorageAccount', 'DatabaseAccount'];
  for (const { name, inputs } of city.all('RoleAssignment')) {
    const scope: string = inputs.scope;
    assert.ok(!wide.some((type) => scope.startsWith(`/${type}/`)), `${name} is on ${scope}`);
    assert.doesNotMatch(scope, /^\/subscriptions\/[^/]+$/, name);
  }
});

test('each app is itself and nobody else', () => {
  const apps = city.all('ContainerApp');
  assert.deepEqual(apps.map((a) => a.name).sort(), [
    'leeds-api',
    'leeds-bridge',
    'leeds-exporter',
    'leeds-gateway',
    'leeds-processor',
  ]);
  for (const { name, inputs } of apps) {
    const { identity, configuration, template } = inputs;
    assert.deepEqual(identity, {
      type: 'UserAssigned',
      userAssignedIdentities: [`/UserAssignedIdentity/${name}`],
    });
    assert.deepEqual(configuration.registries, [
      { server: 'leeds.azurecr.io', identity: `/UserAssignedIdentity/${name}` },
    ]);
    const env = new Map(
      template.containers[0].env.map((e: { name: string; value: string }) => [e.name, e.value]),
    );
    assert.equal(env.get('AZURE_CLIENT_ID'), `client of ${name}`);
    assert.deepEqual(template.containers[0].args, ['up', '--role', name.replace('leeds-', '')]);
  }
});

test('without operators nobody but the apps has rights', async () => {
  const alone = await madeBy({ ...smallCity, operatorsGroupId: undefined });
  const types = new Set(alone.all('RoleAssignment').map((r) => r.inputs.principalType));
  assert.deepEqual([...types], ['ServicePrincipal']);
});

function sorted(given: Map<string, string[]>): [string, string[]][] {
  return [...given]
    .map(([who, what]): [string, string[]] => [who, what.sort()])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
