import * as keyvault from '@pulumi/azure-native/keyvault/index.js';
import type { Input } from '@pulumi/pulumi';
import type { Place } from './place.ts';
import type { Settings } from './settings.ts';

/** What can not be an identity: the gateway's certificate, and a foreign broker's password. */
export function makeKeyVault(place: Place, settings: Settings, tenantId: Input<string>): keyvault.Vault {
  return new keyvault.Vault(`${settings.city}-vault`, {
    ...place,
    properties: {
      tenantId,
      sku: { family: 'A', name: 'standard' },
      enableRbacAuthorization: true,
      enableSoftDelete: true,
      softDeleteRetentionInDays: 30,
      enablePurgeProtection: true,
      publicNetworkAccess: settings.privateNetwork ? 'Disabled' : 'Enabled',
      networkAcls: { bypass: 'AzureServices', defaultAction: settings.privateNetwork ? 'Deny' : 'Allow' },
    },
  });
}
