import * as monitor from '@pulumi/azure-native/monitor/index.js';
import type { Input } from '@pulumi/pulumi';
import { type FigureAlert, figureAlerts } from './figure-alerts.ts';
import type { AppRole } from './holders.ts';
import type { Place } from './place.ts';

/** Who hears an alert. */
export function makeActionGroup(place: Place, city: string, emails: readonly string[]): monitor.ActionGroup {
  return new monitor.ActionGroup(`${city}-duty`, {
    resourceGroupName: place.resourceGroupName,
    tags: place.tags,
    location: 'Global',
    groupShortName: city.slice(0, 12),
    enabled: true,
    emailReceivers: emails.map((emailAddress, i) => ({
      name: `duty-${i + 1}`,
      emailAddress,
      useCommonAlertSchema: true,
    })),
  });
}

export interface Watched {
  roles: readonly AppRole[];
  workspaceId: Input<string>;
  namespaceId: Input<string>;
  cosmosId: Input<string>;
  iotHubId: Input<string>;
  gatewayId: Input<string>;
}

/** What wakes somebody, and what they should look for. */
export function makeAlerts(place: Place, watched: Watched, actionGroupId: Input<string>): void {
  const byMetric = metricAlerts(place, actionGroupId);
  const byQuery = queryAlerts(place, watched.workspaceId, actionGroupId);
  for (const alert of figureAlerts(watched.roles)) byQuery(alert);
  byMetric('gateway-down', {
    description: 'No gateway runs: devices can not connect, and keep what they have.',
    scope: watched.gatewayId,
    namespace: 'Microsoft.App/containerApps',
    metric: 'Replicas',
    aggregation: 'Maximum',
    operator: 'LessThan',
    threshold: 1,
    severity: 0,
  });
  byMetric('cosmos-throttled', {
    description: 'Cosmos DB answers 429: raise cosmosMaxRu, or let fewer processors write.',
    scope: watched.cosmosId,
    namespace: 'Microsoft.DocumentDB/databaseAccounts',
    metric: 'TotalRequests',
    dimensions: [{ name: 'StatusCode', operator: 'Include', values: ['429'] }],
    aggregation: 'Count',
    threshold: 1_000,
    severity: 2,
  });
  byMetric('log-throttled', {
    description: 'Event Hubs throttles: raise maxThroughputUnits.',
    scope: watched.namespaceId,
    namespace: 'Microsoft.EventHub/namespaces',
    metric: 'ThrottledRequests',
    aggregation: 'Total',
    threshold: 100,
    severity: 1,
  });
  byMetric('devices-throttled', {
    description: 'IoT Hub throttles what devices send: raise iotHubUnits, or let devices batch.',
    scope: watched.iotHubId,
    namespace: 'Microsoft.Devices/IotHubs',
    metric: 'd2c.telemetry.ingress.sendThrottle',
    aggregation: 'Total',
    threshold: 100,
    severity: 1,
  });
}

interface MetricAlert {
  description: string;
  scope: Input<string>;
  namespace: string;
  metric: string;
  dimensions?: { name: string; operator: string; values: string[] }[];
  aggregation: 'Count' | 'Maximum' | 'Total';
  operator?: 'GreaterThan' | 'LessThan';
  threshold: number;
  severity: 0 | 1 | 2;
}

function metricAlerts({ resourceGroupName, tags }: Place, actionGroupId: Input<string>) {
  return (name: string, alert: MetricAlert): void => {
    new monitor.MetricAlert(name, {
      resourceGroupName,
      tags,
      location: 'global',
      description: alert.description,
      enabled: true,
      severity: alert.severity,
      scopes: [alert.scope],
      evaluationFrequency: 'PT1M',
      windowSize: 'PT5M',
      autoMitigate: true,
      criteria: {
        odataType: 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria',
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion',
            name,
            metricNamespace: alert.namespace,
            metricName: alert.metric,
            ...(alert.dimensions ? { dimensions: alert.dimensions } : {}),
            operator: alert.operator ?? 'GreaterThan',
            threshold: alert.threshold,
            timeAggregation: alert.aggregation,
          },
        ],
      },
      actions: [{ actionGroupId }],
    });
  };
}

function queryAlerts(
  { resourceGroupName, location, tags }: Place,
  workspaceId: Input<string>,
  actionGroupId: Input<string>,
) {
  return ({ name, ...alert }: FigureAlert): void => {
    new monitor.ScheduledQueryRule(name, {
      resourceGroupName,
      location,
      tags,
      displayName: name,
      description: alert.description,
      enabled: true,
      severity: alert.severity,
      scopes: [workspaceId],
      evaluationFrequency: 'PT5M',
      windowSize: alert.windowSize,
      // The workspace learns of a table with its first line.
      skipQueryValidation: true,
      autoMitigate: true,
      criteria: {
        allOf: [
          {
            query: alert.query,
            metricMeasureColumn: alert.column,
            timeAggregation: 'Maximum',
            operator: alert.operator,
            threshold: alert.threshold,
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 },
          },
        ],
      },
      actions: { actionGroups: [actionGroupId] },
    });
  };
}
