import * as eventhub from '@pulumi/azure-native/eventhub/index.js';
import { consumerGroups } from './app-environment.ts';
import type { Place } from './place.ts';
import type { Settings } from './settings.ts';

/** The one hub that every door writes to. */
export const readingsHub = 'readings';

export function makeEventHubs(place: Place, settings: Settings) {
  const { resourceGroupName } = place;
  const { partitions, throughputUnits, maxThroughputUnits, retentionDays } = settings.eventHubs;
  const namespace = new eventhub.Namespace(`${settings.city}-log`, {
    ...place,
    sku: { name: 'Standard', tier: 'Standard', capacity: throughputUnits },
    isAutoInflateEnabled: maxThroughputUnits > throughputUnits,
    ...(maxThroughputUnits > throughputUnits ? { maximumThroughputUnits: maxThroughputUnits } : {}),
    disableLocalAuth: true,
    minimumTlsVersion: '1.2',
    publicNetworkAccess: settings.privateNetwork ? 'Disabled' : 'Enabled',
  });
  const hub = new eventhub.EventHub(
    readingsHub,
    {
      resourceGroupName,
      namespaceName: namespace.name,
      eventHubName: readingsHub,
      // Fixed for the life of the city: a device's place in the log comes from it.
      partitionCount: partitions,
      retentionDescription: { cleanupPolicy: 'Delete', retentionTimeInHours: retentionDays * 24 },
    },
    { protect: true },
  );
  if (settings.privateNetwork) {
    // IoT Hub writes from outside the network, as itself.
    new eventhub.NamespaceNetworkRuleSet('log-network', {
      resourceGroupName,
      namespaceName: namespace.name,
      publicNetworkAccess: 'Disabled',
      defaultAction: 'Deny',
      trustedServiceAccessEnabled: true,
    });
  }
  for (const group of Object.values(consumerGroups)) {
    new eventhub.ConsumerGroup(group, {
      resourceGroupName,
      namespaceName: namespace.name,
      eventHubName: hub.name,
      consumerGroupName: group,
    });
  }
  return { namespace, hub };
}
