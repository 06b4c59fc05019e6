import * as cosmosdb from '@pulumi/azure-native/cosmosdb/index.js';
import { interpolate } from '@pulumi/pulumi';
import { containerDefinitions } from '../cosmos/containers.ts';
import type { Principals } from './identities.ts';
import type { Place } from './place.ts';
import { cosmosGrants, cosmosRoleIds } from './role-grants.ts';
import type { Settings } from './settings.ts';

/** Windows stay for twice as long as admission accepts readings for them; the lake has them for ever. */
const HOT_PERIOD_S = 14 * 86_400;

export function makeCosmos(place: Place, settings: Settings) {
  const { resourceGroupName } = place;
  const serverless = settings.cosmosMaxRu === 0;
  const account = new cosmosdb.DatabaseAccount(
    `${settings.city}-store`,
    {
      ...place,
      databaseAccountOfferType: 'Standard',
      kind: 'GlobalDocumentDB',
      locations: [{ locationName: place.location, failoverPriority: 0 }],
      capabilities: serverless ? [{ name: 'EnableServerless' }] : [],
      // A partition's new owner must not go on from old rows: infra/cosmos refuses a weaker account.
      consistencyPolicy: { defaultConsistencyLevel: 'Strong' },
      backupPolicy: { type: 'Continuous', continuousModeProperties: { tier: 'Continuous7Days' } },
      disableLocalAuth: true,
      disableKeyBasedMetadataWriteAccess: true,
      minimalTlsVersion: 'Tls12',
      publicNetworkAccess: settings.privateNetwork ? 'Disabled' : 'Enabled',
    },
    { protect: true },
  );
  const database = new cosmosdb.SqlResourceSqlDatabase(
    settings.city,
    {
      resourceGroupName,
      accountName: account.name,
      databaseName: settings.city,
      resource: { id: settings.city },
      // Shared by the containers: windows and ledger are busy at different moments.
      ...(serverless ? {} : { options: { autoscaleSettings: { maxThroughput: settings.cosmosMaxRu } } }),
    },
    { protect: true },
  );
  const definitions = containerDefinitions(HOT_PERIOD_S);
  for (const [id, definition] of Object.entries(definitions)) {
    const { includedPaths = [], excludedPaths = [] } = definition.indexingPolicy ?? {};
    new cosmosdb.SqlResourceSqlContainer(id, {
      resourceGroupName,
      accountName: account.name,
      databaseName: database.name,
      containerName: id,
      resource: {
        id,
        partitionKey: { kind: 'Hash', paths: [...(definition.partitionKey?.paths ?? [])], version: 2 },
        indexingPolicy: {
          indexingMode: 'consistent',
          automatic: true,
          includedPaths: includedPaths.map(({ path }) => ({ path })),
          excludedPaths: excludedPaths.map(({ path }) => ({ path })),
        },
        ...(definition.defaultTtl === undefined ? {} : { defaultTtl: definition.defaultTtl }),
      },
    });
  }
  return { account, database };
}

/** Cosmos DB's data roles, container by container. */
export function assignCosmosRoles(
  { resourceGroupName }: Place,
  { account, database }: ReturnType<typeof makeCosmos>,
  principals: Principals,
): void {
  for (const [holder, principalId] of principals) {
    for (const [container, may] of Object.entries(cosmosGrants[holder] ?? {})) {
      new cosmosdb.SqlResourceSqlRoleAssignment(`${holder}: ${may} of ${container}`, {
        resourceGroupName,
        accountName: account.name,
        principalId,
        roleDefinitionId: interpolate`${account.id}/sqlRoleDefinitions/${cosmosRoleIds[may]}`,
        scope: interpolate`${account.id}/dbs/${database.name}/colls/${container}`,
      });
    }
  }
}
