import * as applicationinsights from '@pulumi/azure-native/applicationinsights/index.js';
import * as monitor from '@pulumi/azure-native/monitor/index.js';
import * as operationalinsights from '@pulumi/azure-native/operationalinsights/index.js';
import type { Input } from '@pulumi/pulumi';
import type { Place } from './place.ts';

/** One workspace for logs, metrics and traces; what is sent to it is sent as an identity. */
export function makeObservability(place: Place, city: string) {
  const workspace = new operationalinsights.Workspace(`${city}-logs`, {
    ...place,
    sku: { name: 'PerGB2018' },
    retentionInDays: 30,
    features: { disableLocalAuth: true, enableLogAccessUsingOnlyResourcePermissions: true },
  });
  const insights = new applicationinsights.Component(`${city}-insights`, {
    ...place,
    kind: 'other',
    applicationType: 'other',
    ingestionMode: 'LogAnalytics',
    workspaceResourceId: workspace.id,
    disableLocalAuth: true,
  });
  return { workspace, insights };
}

/** A service's own logs and metrics go to the workspace. */
export function keepDiagnostics(name: string, resourceUri: Input<string>, workspaceId: Input<string>): void {
  new monitor.DiagnosticSetting(`${name}-diagnostics`, {
    resourceUri,
    workspaceId,
    logAnalyticsDestinationType: 'Dedicated',
    logs: [{ categoryGroup: 'allLogs', enabled: true }],
    metrics: [{ category: 'AllMetrics', enabled: true }],
  });
}
