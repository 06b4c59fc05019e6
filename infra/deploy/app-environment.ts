import { FIGURES_EVERY_S } from './figure-alerts.ts';
import type { AppRole } from './holders.ts';

/** Names by which the app finds its surroundings. */
export interface Surroundings<Text> {
  eventHubsEndpoint: Text;
  hub: string;
  cosmosEndpoint: Text;
  database: string;
  blobEndpoint: Text;
  iotHubEndpoint: Text;
}

/** Where each role answers /healthz and /readyz. */
export const HEALTH_PORT = 8090;

/** As `bridge.*` of the app's configuration. */
export interface BridgeSettings {
  url: string;
  topics: string | undefined;
  deviceOf: string | undefined;
  /** With one, its password is the vault's secret `bridge-password`. */
  username: string | undefined;
}

/** Where the broker is; its password is not among these. */
export function bridgeEnvironment({
  url,
  topics,
  deviceOf,
  username,
}: BridgeSettings): Record<string, string> {
  const variables = {
    HEADWAY_BRIDGE_URL: url,
    HEADWAY_BRIDGE_TOPICS: topics,
    HEADWAY_BRIDGE_DEVICE_OF: deviceOf,
    HEADWAY_BRIDGE_USERNAME: username,
  };
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, v]) => (v === undefined ? [] : [[name, v]])),
  );
}

/** Readers of the log have a consumer group each, so that none waits for another. */
export const consumerGroups = { processor: 'processor', exporter: 'exporter' } as const;

/**
 * Headway's configuration of a role, as environment variables: endpoints, and no secret. The city is named by who founds
 * it: no role may write the registry.
 */
export function appEnvironment<Text>(role: AppRole, s: Surroundings<Text>): Record<string, Text | string> {
  const group = role === 'exporter' ? consumerGroups.exporter : consumerGroups.processor;
  return {
    HEADWAY_EVENT_HUBS_ENDPOINT: s.eventHubsEndpoint,
    HEADWAY_EVENT_HUBS_HUB: s.hub,
    HEADWAY_EVENT_HUBS_CONSUMER_GROUP: group,
    HEADWAY_COSMOS_ENDPOINT: s.cosmosEndpoint,
    HEADWAY_COSMOS_DATABASE: s.database,
    HEADWAY_BLOB_ENDPOINT: s.blobEndpoint,
    HEADWAY_GATEWAY_HUB_NAME: s.iotHubEndpoint,
    // Each commit writes a partition’s whole state as a blob, and its outcomes: docs/sizing.md.
    HEADWAY_PROCESSING_COMMIT_EVERY_MS: '30000',
    // To stdout, from where the alert rules have them: figure-alerts.ts.
    HEADWAY_FIGURES_EVERY_S: String(FIGURES_EVERY_S),
    // Probes come from outside the container.
    HEADWAY_HEALTH_HOST: '0.0.0.0',
    HEADWAY_HEALTH_PORT: String(HEALTH_PORT),
  };
}
