import assert from 'node:assert/strict';
import { test } from 'node:test';
import { madeBy, smallCity } from './made-resources.ts';

const inside = await madeBy({ ...smallCity, privateNetwork: true });
const outside = await madeBy(smallCity);

test('inside, each service is reached by a private endpoint and its private name', () => {
  const reached = inside.all('PrivateEndpoint').map(({ inputs }) => {
    const { subnet, privateLinkServiceConnections } = inputs;
    assert.equal(subnet.id, '/Subnet/endpoints');
    const [{ privateLinkServiceId, groupIds }] = privateLinkServiceConnections;
    return [privateLinkServiceId, groupIds[0]];
  });
  assert.deepEqual(reached.sort(), [
    ['/DatabaseAccount/leeds-store', 'Sql'],
    ['/Namespace/leeds-log', 'namespace'],
    ['/StorageAccount/leedslake', 'blob'],
    ['/Vault/leeds-vault', 'vault'],
  ]);
  assert.equal(inside.all('PrivateZone').length, 4);
  assert.equal(inside.all('VirtualNetworkLink').length, 4);
  assert.equal(inside.all('PrivateDnsZoneGroup').length, 4);
});

test('inside, no service answers the internet; IoT Hub alone does, for devices are out there', () => {
  assert.equal(inside.one('Namespace').publicNetworkAccess, 'Disabled');
  assert.equal(inside.one('DatabaseAccount').publicNetworkAccess, 'Disabled');
  assert.equal(inside.one('StorageAccount').publicNetworkAccess, 'Disabled');
  assert.equal(inside.one('StorageAccount').networkRuleSet.defaultAction, 'Deny');
  assert.equal(inside.one('Vault').properties.publicNetworkAccess, 'Disabled');
  assert.equal(inside.one('IotHubResource').properties.publicNetworkAccess, 'Enabled');
});

test('inside, IoT Hub may still write to the log, as the trusted service it is', () => {
  const rules = inside.one('NamespaceNetworkRuleSet');
  assert.deepEqual([rules.defaultAction, rules.trustedServiceAccessEnabled], ['Deny', true]);
});

test('outside, there is no private endpoint, and keys are no more welcome than inside', () => {
  assert.equal(outside.all('PrivateEndpoint').length, 0);
  assert.equal(outside.one('Namespace').publicNetworkAccess, 'Enabled');
  assert.equal(outside.one('StorageAccount').allowSharedKeyAccess, false);
});
