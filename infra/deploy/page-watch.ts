import * as applicationinsights from '@pulumi/azure-native/applicationinsights/index.js';
import * as monitor from '@pulumi/azure-native/monitor/index.js';
import { type Input, interpolate, output } from '@pulumi/pulumi';
import type { Place } from './place.ts';

/** From two places, so that one of them being out is no alarm. */
const FROM = ['emea-nl-ams-azr', 'emea-gb-db3-azr'];

export interface PageWatch {
  city: string;
  insights: applicationinsights.Component;
  url: Input<string>;
  actionGroupId: Input<string>;
}

/** Application Insights asks the page from outside, every five minutes; an alert where it does not answer. */
export function watchPage(place: Place, { city, insights, url, actionGroupId }: PageWatch): void {
  const { resourceGroupName, location, tags } = place;
  const name = `${city}-page`;
  const test = new applicationinsights.WebTest(name, {
    resourceGroupName,
    location,
    // By this tag the portal finds the test under its component.
    tags: output(insights.id).apply((id) => ({ ...tags, [`hidden-link:${id}`]: 'Resource' })),
    webTestName: name,
    syntheticMonitorId: name,
    webTestKind: 'standard',
    kind: 'standard',
    enabled: true,
    frequency: 300,
    timeout: 30,
    retryEnabled: true,
    locations: FROM.map((place) => ({ location: place })),
    request: { requestUrl: interpolate`${url}/healthz`, httpVerb: 'GET' },
    validationRules: { expectedHttpStatusCode: 200, sSLCheck: true, sSLCertRemainingLifetimeCheck: 7 },
  });
  new monitor.MetricAlert('page-down', {
    resourceGroupName,
    tags,
    location: 'global',
    description: 'The page does not answer from outside.',
    enabled: true,
    severity: 2,
    scopes: [test.id, insights.id],
    evaluationFrequency: 'PT1M',
    windowSize: 'PT5M',
    autoMitigate: true,
    criteria: {
      odataType: 'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria',
      webTestId: test.id,
      componentId: insights.id,
      failedLocationCount: FROM.length,
    },
    actions: [{ actionGroupId }],
  });
}
