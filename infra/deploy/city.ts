import { getClientConfigOutput } from '@pulumi/azure-native/authorization/index.js';
import * as resources from '@pulumi/azure-native/resources/index.js';
import { interpolate } from '@pulumi/pulumi';
import { makeActionGroup, makeAlerts } from './alerts.ts';
import { appEnvironment, bridgeEnvironment, consumerGroups } from './app-environment.ts';
import { makeContainerApps, SECRETS_PATH } from './container-apps.ts';
import { assignCosmosRoles, makeCosmos } from './cosmos.ts';
import { makeEventHubs } from './event-hubs.ts';
import { appRoles } from './holders.ts';
import { assignRoles, makeIdentities, principalsOf } from './identities.ts';
import { makeIotHub } from './iot-hub.ts';
import { makeKeyVault } from './key-vault.ts';
import { makeNetwork, makePrivateEndpoints } from './network.ts';
import { keepDiagnostics, makeObservability } from './observability.ts';
import { watchPage } from './page-watch.ts';
import type { Place } from './place.ts';
import { makeProvisioning } from './provisioning.ts';
import { byConnections, byConsumerLag, byRequests, justOne } from './scaling.ts';
import type { Settings } from './settings.ts';
import { makeStorage } from './storage.ts';

/** Everything one city needs. */
export function deployCity(settings: Settings) {
  const { city, location, bridge } = settings;
  const roles = appRoles.filter((role) => role !== 'bridge' || bridge);
  const tags = { app: 'headway', city };
  const { subscriptionId, tenantId } = getClientConfigOutput();
  const group = new resources.ResourceGroup(`headway-${city}`, { location, tags });
  const place: Place = { resourceGroupName: group.name, location, tags };

  const identities = makeIdentities(place, city);
  const principals = principalsOf(identities, settings.operatorsGroupId);
  const log = makeEventHubs(place, settings);
  const blobs = makeStorage(place, settings);
  const store = makeCosmos(place, settings);
  const vault = makeKeyVault(place, settings, tenantId);
  const { workspace, insights } = makeObservability(place, city);

  assignCosmosRoles(place, store, principals);
  const rights = assignRoles(
    principals,
    {
      readings: log.hub.id,
      checkpoints: blobs.containers.checkpoints.id,
      ownership: blobs.containers.ownership.id,
      lake: blobs.containers.lake.id,
      vault: vault.id,
      ...(settings.registryId ? { registry: settings.registryId } : {}),
    },
    subscriptionId,
  );
  // IoT Hub tries its route when it is made: the right to write comes first.
  const devices = makeIotHub(
    place,
    settings,
    { namespaceName: log.namespace.name, hubName: log.hub.name },
    identities.iothub,
    rights,
  );
  const mayRegister = assignRoles(principals, { iothub: devices.id }, subscriptionId);
  makeProvisioning(place, city, devices.name, identities.provisioning, mayRegister);

  const network = makeNetwork(place, city);
  if (settings.privateNetwork) {
    makePrivateEndpoints(place, network, [
      { name: 'log', id: log.namespace.id, groupId: 'namespace', zone: 'privatelink.servicebus.windows.net' },
      { name: 'store', id: store.account.id, groupId: 'Sql', zone: 'privatelink.documents.azure.com' },
      { name: 'blobs', id: blobs.account.id, groupId: 'blob', zone: 'privatelink.blob.core.windows.net' },
      { name: 'vault', id: vault.id, groupId: 'vault', zone: 'privatelink.vaultcore.azure.net' },
    ]);
  }
  const surroundings = {
    eventHubsEndpoint: interpolate`${log.namespace.name}.servicebus.windows.net`,
    hub: 'readings',
    cosmosEndpoint: store.account.documentEndpoint,
    database: city,
    blobEndpoint: interpolate`https://${blobs.account.name}.blob.core.windows.net`,
    iotHubEndpoint: interpolate`${devices.name}.azure-devices.net`,
  };
  const secret = (name: string) => ({
    name,
    keyVaultUrl: interpolate`https://${vault.name}.vault.azure.net/secrets/${name}`,
  });
  const { environment, apps } = makeContainerApps(place, settings, {
    subnetId: network.apps.id,
    identities,
    roles,
    environmentOf: (role) => ({
      ...appEnvironment(role, surroundings),
      ...(role === 'bridge' && bridge ? bridgeEnvironment(bridge) : {}),
      ...(role === 'gateway' && settings.gatewayCertificate
        ? {
            HEADWAY_GATEWAY_CERTIFICATE_FILE: `${SECRETS_PATH}/certificate.pem`,
            HEADWAY_GATEWAY_KEY_FILE: `${SECRETS_PATH}/key.pem`,
          }
        : {}),
    }),
    secretsOf: (role) =>
      role === 'bridge' && bridge?.username ? { HEADWAY_BRIDGE_PASSWORD: secret('bridge-password') } : {},
    secretFilesOf: (role) =>
      role === 'gateway' && settings.gatewayCertificate
        ? { 'certificate.pem': secret('gateway-certificate'), 'key.pem': secret('gateway-key') }
        : {},
    scale: {
      gateway: byConnections(settings.maxGateways),
      bridge: justOne,
      processor: byConsumerLag(
        {
          namespaceName: log.namespace.name,
          hubName: log.hub.name,
          consumerGroup: consumerGroups.processor,
          storageAccountName: blobs.account.name,
          identityId: identities.processor.id,
        },
        settings.maxProcessors,
      ),
      exporter: justOne,
      api: byRequests,
    },
    registryServer: settings.registryId && `${settings.registryId.split('/').at(-1)}.azurecr.io`,
  });

  keepDiagnostics('apps', environment.id, workspace.id);
  keepDiagnostics('log', log.namespace.id, workspace.id);
  keepDiagnostics('store', store.account.id, workspace.id);
  keepDiagnostics('devices', devices.id, workspace.id);
  const duty = makeActionGroup(place, city, settings.alertEmails);
  const pageUrl = interpolate`https://${apps.api.configuration.apply((c) => c?.ingress?.fqdn)}`;
  watchPage(place, { city, insights, url: pageUrl, actionGroupId: duty.id });
  makeAlerts(
    place,
    {
      roles,
      workspaceId: workspace.id,
      namespaceId: log.namespace.id,
      cosmosId: store.account.id,
      iotHubId: devices.id,
      gatewayId: apps.gateway.id,
    },
    duty.id,
  );
  return {
    resourceGroup: group.name,
    iotHub: devices.name,
    eventHubs: surroundings.eventHubsEndpoint,
    cosmos: surroundings.cosmosEndpoint,
    blob: surroundings.blobEndpoint,
    page: pageUrl,
    gateway: apps.gateway.configuration.apply((c) => c?.ingress?.fqdn),
  };
}
