import * as storage from '@pulumi/azure-native/storage/index.js';
import type { Place } from './place.ts';
import type { Settings } from './settings.ts';

/** Positions and state of the log's partitions; who owns them; Parquet for everybody who reads. */
export const blobContainers = ['checkpoints', 'ownership', 'lake'] as const;
export type BlobContainerName = (typeof blobContainers)[number];

export function makeStorage(place: Place, settings: Settings) {
  const { resourceGroupName } = place;
  const account = new storage.StorageAccount(`${settings.city}lake`, {
    ...place,
    kind: 'StorageV2',
    sku: { name: 'Standard_ZRS' },
    accessTier: 'Hot',
    allowBlobPublicAccess: false,
    allowSharedKeyAccess: false,
    allowCrossTenantReplication: false,
    defaultToOAuthAuthentication: true,
    enableHttpsTrafficOnly: true,
    isLocalUserEnabled: false,
    minimumTlsVersion: 'TLS1_2',
    publicNetworkAccess: settings.privateNetwork ? 'Disabled' : 'Enabled',
    networkRuleSet: { bypass: 'None', defaultAction: settings.privateNetwork ? 'Deny' : 'Allow' },
  });
  const containers = Object.fromEntries(
    blobContainers.map((name) => [
      name,
      new storage.BlobContainer(
        name,
        { resourceGroupName, accountName: account.name, containerName: name, publicAccess: 'None' },
        { protect: true },
      ),
    ]),
  ) as Record<BlobContainerName, storage.BlobContainer>;
  return { account, containers };
}
