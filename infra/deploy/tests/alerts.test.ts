import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figureAlerts } from '../figure-alerts.ts';
import { appRoles } from '../holders.ts';
import { madeBy, smallCity } from './made-resources.ts';

const city = await madeBy({ ...smallCity, alertEmails: ['day@leeds.example', 'night@leeds.example'] });

test('whoever is on duty hears it', () => {
  const group = city.one('ActionGroup');
  assert.equal(group.enabled, true);
  assert.deepEqual(
    group.emailReceivers.map((r: { emailAddress: string }) => r.emailAddress),
    ['day@leeds.example', 'night@leeds.example'],
  );
});

test('every alert is on, and reaches the action group', () => {
  for (const { name, inputs } of city.all('MetricAlert')) {
    assert.deepEqual(inputs.actions, [{ actionGroupId: '/ActionGroup/leeds-duty' }], name);
    assert.equal(inputs.enabled, true, name);
  }
  for (const { name, inputs } of city.all('ScheduledQueryRule')) {
    assert.deepEqual(inputs.actions, { actionGroups: ['/ActionGroup/leeds-duty'] }, name);
    assert.equal(inputs.enabled, true, name);
  }
});

test('lag, throttling, silence, dead letters, the lake, the gateway and the page are watched', () => {
  const watched = [...city.all('MetricAlert'), ...city.all('ScheduledQueryRule')].map((a) => a.name).sort();
  assert.deepEqual(watched, [
    'consumer-lag',
    'cosmos-throttled',
    'dead-letters',
    'devices-throttled',
    'gateway-down',
    'lake-late',
    'log-throttled',
    'page-down',
    'silent-role',
  ]);
  const [throttled] = city.one('MetricAlert', 'cosmos-throttled').criteria.allOf;
  assert.deepEqual(throttled.dimensions, [{ name: 'StatusCode', operator: 'Include', values: ['429'] }]);
  const [down] = city.one('MetricAlert', 'gateway-down').criteria.allOf;
  assert.deepEqual([down.metricName, down.operator, down.threshold], ['Replicas', 'LessThan', 1]);
  assert.deepEqual(city.one('MetricAlert', 'gateway-down').scopes, ['/ContainerApp/leeds-gateway']);
});

test('a rule over figures is what tests/system/scale-out/figures.test.ts has run on real lines', () => {
  for (const alert of figureAlerts(appRoles)) {
    const { criteria, windowSize, scopes } = city.one('ScheduledQueryRule', alert.name);
    const { query, column, operator, threshold } = alert;
    assert.deepEqual(criteria.allOf, [
      {
        query,
        metricMeasureColumn: column,
        timeAggregation: 'Maximum',
        operator,
        threshold,
        failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 },
      },
    ]);
    assert.deepEqual([windowSize, scopes], [alert.windowSize, ['/Workspace/leeds-logs']]);
  }
});

test('silence is noticed within fewer lines than a rule sees', () => {
  for (const { name, inputs } of city.all('ContainerApp')) {
    const { env } = inputs.template.containers[0];
    const told = env.find((e: { name: string }) => e.name === 'HEADWAY_FIGURES_EVERY_S');
    assert.ok(Number(told.value) <= 60, name);
  }
});

test('Application Insights asks the page from outside, where the page answers', () => {
  const { request, locations, tags } = city.one('WebTest');
  assert.equal(request.requestUrl, 'https://page.leeds.example/healthz');
  assert.equal(locations.length, 2);
  assert.equal(tags['hidden-link:/Component/leeds-insights'], 'Resource');
  assert.equal(city.one('MetricAlert', 'page-down').criteria.failedLocationCount, 2);
});

test('what services and apps write goes to the one workspace', () => {
  const settings = city.all('DiagnosticSetting');
  assert.deepEqual(settings.map((s) => (s.inputs.resourceUri as string).split('/')[1]).sort(), [
    'DatabaseAccount',
    'IotHubResource',
    'ManagedEnvironment',
    'Namespace',
  ]);
  for (const { inputs } of settings) assert.equal(inputs.workspaceId, '/Workspace/leeds-logs');
  assert.deepEqual(city.one('ManagedEnvironment').appLogsConfiguration, { destination: 'azure-monitor' });
});
