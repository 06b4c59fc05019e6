import * as iothub from '@pulumi/azure-native/iothub/index.js';
import type { UserAssignedIdentity } from '@pulumi/azure-native/managedidentity/index.js';
import { type Input, interpolate, type Resource } from '@pulumi/pulumi';
import type { Place } from './place.ts';
import type { Settings } from './settings.ts';

interface Log {
  namespaceName: Input<string>;
  hubName: Input<string>;
}

/**
 * Telemetry is routed to the readings hub, not read from the built-in endpoint: that one knows shared keys alone, and
 * neither the gateway nor a bridge can write to it. IoT Hub keeps the device as partition key either way.
 */
export function makeIotHub(
  place: Place,
  settings: Settings,
  log: Log,
  identity: UserAssignedIdentity,
  mayWrite: Resource[],
): iothub.IotHubResource {
  return new iothub.IotHubResource(
    `${settings.city}-devices`,
    {
      ...place,
      sku: { name: settings.iotHub.sku, capacity: settings.iotHub.units },
      identity: { type: 'UserAssigned', userAssignedIdentities: [identity.id] },
      properties: {
        minTlsVersion: '1.2',
        disableLocalAuth: true,
        disableModuleSAS: true,
        publicNetworkAccess: 'Enabled',
        routing: {
          endpoints: {
            eventHubs: [
              {
                name: 'readings',
                authenticationType: 'identityBased',
                identity: { userAssignedIdentity: identity.id },
                endpointUri: interpolate`sb://${log.namespaceName}.servicebus.windows.net`,
                entityPath: log.hubName,
              },
            ],
          },
          routes: [
            {
              name: 'telemetry',
              source: 'DeviceMessages',
              condition: 'true',
              endpointNames: ['readings'],
              isEnabled: true,
            },
          ],
          // What no route takes is kept where an operator finds it, not dropped.
          fallbackRoute: {
            name: 'fallback',
            source: 'DeviceMessages',
            condition: 'true',
            endpointNames: ['events'],
            isEnabled: true,
          },
        },
      },
    },
    { dependsOn: mayWrite, protect: true },
  );
}
