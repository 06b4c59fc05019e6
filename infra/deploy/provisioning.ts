import type { UserAssignedIdentity } from '@pulumi/azure-native/managedidentity/index.js';
import * as resources from '@pulumi/azure-native/resources/index.js';
import { type Input, interpolate, type Resource } from '@pulumi/pulumi';
import type { Place } from './place.ts';

/** The first that links a hub by identity; before it a link was a connection string with a key. Still a preview. */
const API_VERSION = '2025-02-01-preview';

/**
 * The Device Provisioning Service, linked to the hub as an identity: as a template, for azure-native's own resource
 * speaks an older version that knows keys alone.
 */
export function makeProvisioning(
  place: Place,
  city: string,
  hubName: Input<string>,
  identity: UserAssignedIdentity,
  mayRegister: Resource[],
): resources.Deployment {
  const { resourceGroupName, location, tags } = place;
  const dps = {
    type: 'Microsoft.Devices/provisioningServices',
    apiVersion: API_VERSION,
    name: `${city}-provisioning`,
    location,
    tags,
    sku: { name: 'S1', capacity: 1 },
    identity: {
      type: 'UserAssigned',
      userAssignedIdentities: { "[parameters('identity')]": {} },
    },
    properties: {
      allocationPolicy: 'Static',
      publicNetworkAccess: 'Enabled',
      iotHubs: [
        {
          hostName: "[parameters('hub')]",
          location,
          authenticationType: 'UserAssigned',
          selectedUserAssignedIdentityResourceId: "[parameters('identity')]",
          applyAllocationPolicy: true,
          allocationWeight: 1,
        },
      ],
    },
  };
  return new resources.Deployment(
    `${city}-provisioning`,
    {
      resourceGroupName,
      properties: {
        mode: 'Incremental',
        parameters: {
          hub: { value: interpolate`${hubName}.azure-devices.net` },
          identity: { value: identity.id },
        },
        template: {
          $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
          contentVersion: '1.0.0.0',
          parameters: { hub: { type: 'string' }, identity: { type: 'string' } },
          resources: [dps],
        },
      },
    },
    { dependsOn: mayRegister },
  );
}
