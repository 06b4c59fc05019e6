import { expect, it } from 'vitest';
import { readConfig } from '#apps/config.ts';
import { roles } from '#apps/roles.ts';
import { appEnvironment, bridgeEnvironment, HEALTH_PORT } from '#infra/deploy/app-environment.ts';
import { FIGURES_EVERY_S } from '#infra/deploy/figure-alerts.ts';
import { appRoles } from '#infra/deploy/holders.ts';

const leeds = {
  eventHubsEndpoint: 'leeds-log.servicebus.windows.net',
  hub: 'readings',
  cosmosEndpoint: 'https://leeds-store.documents.azure.com:443/',
  database: 'leeds',
  blobEndpoint: 'https://leedslake.blob.core.windows.net',
  iotHubEndpoint: 'leeds-devices.azure-devices.net',
};

it.for(appRoles)('what infra/deploy tells a %s is a configuration on Azure, without a key', (role) => {
  const variables = appEnvironment(role, leeds);
  const config = readConfig(undefined, variables);
  // No role may write the registry: it waits until an operator has named the city.
  expect(config.city).toEqual({});
  expect(config.health).toEqual({ host: '0.0.0.0', port: HEALTH_PORT });
  expect(config.figures.everyS).toBe(FIGURES_EVERY_S);
  expect(config.eventHubs).toMatchObject({ endpoint: leeds.eventHubsEndpoint, hub: 'readings' });
  expect(config.cosmos).toMatchObject({ endpoint: leeds.cosmosEndpoint, database: 'leeds' });
  expect(config.blob.endpoint).toBe(leeds.blobEndpoint);
  expect(config.gateway.hubName).toBe(leeds.iotHubEndpoint);
  for (const { connectionString } of [config.eventHubs, config.cosmos, config.blob, config.iotHub]) {
    expect(connectionString).toBeUndefined();
  }
});

it('every variable is one that the configuration knows', () => {
  const without = readConfig(undefined, {});
  for (const [name, value] of Object.entries(appEnvironment('exporter', leeds))) {
    expect(readConfig(undefined, { [name]: value }), name).not.toEqual(without);
  }
});

it('what it tells a bridge is how a bridge is configured', () => {
  const told = bridgeEnvironment({
    url: 'mqtts://broker.leeds.example',
    topics: 'loops/+,ramps/+',
    deviceOf: 'loops/{device}',
    username: 'headway',
  });
  expect(readConfig(undefined, told).bridge).toMatchObject({
    url: 'mqtts://broker.leeds.example',
    topics: ['loops/+', 'ramps/+'],
    deviceOf: 'loops/{device}',
    username: 'headway',
  });
});

it('every role that a process can be is deployed', () => {
  expect(appRoles).toEqual(expect.arrayContaining([...roles]));
});
