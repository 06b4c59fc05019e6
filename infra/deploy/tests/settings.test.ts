import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Config, runtime } from '@pulumi/pulumi';
import { readSettings } from '../settings.ts';

const leeds = {
  city: 'leeds',
  location: 'uksouth',
  image: 'leeds.azurecr.io/headway:1',
  alertEmails: '["duty@leeds.example"]',
};

function read(more: Record<string, string> = {}) {
  const all = Object.entries({ ...leeds, ...more }).map(([name, value]) => [`headway:${name}`, value]);
  runtime.setAllConfig(Object.fromEntries(all));
  return readSettings(new Config('headway'));
}

test('a small city needs four settings', () => {
  const settings = read();
  assert.deepEqual(settings.iotHub, { sku: 'S1', units: 1 });
  assert.equal(settings.privateNetwork, false);
  assert.equal(settings.cosmosMaxRu, 0);
});

for (const [what, more, says] of [
  ['a name that Azure would refuse', { city: 'Leeds City' }, /city: 2 to 12 lower-case/],
  ['a tier there is not', { iotHubSku: 'S4' }, /S4/],
  ['units that are no whole number', { iotHubUnits: '1.5' }, /iotHubUnits: a whole number from 1 to 200/],
  [
    'processors with nothing to read',
    { partitions: '4', maxProcessors: '5' },
    /a processor without a partition/,
  ],
  [
    'a ceiling below the floor',
    { throughputUnits: '5', maxThroughputUnits: '2' },
    /not below throughputUnits/,
  ],
  ['request units between the steps', { cosmosMaxRu: '1500' }, /multiple of 1000/],
  ['a bridge to nowhere', { bridgeUsername: 'headway' }, /bridgeUrl/],
  ['nobody on duty', { alertEmails: '[]' }, /somebody must hear/],
] as const) {
  test(`${what} is refused by name`, () => {
    assert.throws(() => read(more), says);
  });
}
