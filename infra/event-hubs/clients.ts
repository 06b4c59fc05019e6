import {
  EventHubConsumerClient,
  EventHubProducerClient,
  RetryMode,
  type RetryOptions,
} from '@azure/event-hubs';
import { DefaultAzureCredential } from '@azure/identity';
import { authentication, type Service } from '#infra/azure/authentication.ts';

export interface EventHubsClients {
  producer(): EventHubProducerClient;
  /** A connection of its own. */
  consumer(consumerGroup: string): EventHubConsumerClient;
}

/**
 * Some five seconds where nobody answers the door, thirty where nobody speaks; then the caller decides. A send that is under way when its connection breaks is
 * noticed by its time-out only.
 */
const retryOptions: RetryOptions = {
  mode: RetryMode.Exponential,
  maxRetries: 4,
  retryDelayInMs: 250,
  maxRetryDelayInMs: 2_000,
  timeoutInMs: 5_000,
};

/** How soon the SDK takes up a partition again that it gave up; such a subscription is renewed before that. */
const loadBalancingOptions = { updateIntervalInMs: 60_000 };

/** @throws Error where the namespace has neither a connection string nor an endpoint. */
export function eventHubsClients(namespace: Service, hub: string): EventHubsClients {
  const how = authentication('Event Hubs', namespace);
  if (how.by === 'connection-string')
    return {
      producer: () => new EventHubProducerClient(how.connectionString, hub, { retryOptions }),
      consumer: (group) =>
        new EventHubConsumerClient(group, how.connectionString, hub, { retryOptions, loadBalancingOptions }),
    };
  const host = how.endpoint.replace(/^\w+:\/\//, '').replace(/\/$/, '');
  const credential = new DefaultAzureCredential();
  return {
    producer: () => new EventHubProducerClient(host, hub, credential, { retryOptions }),
    consumer: (group) =>
      new EventHubConsumerClient(group, host, hub, credential, { retryOptions, loadBalancingOptions }),
  };
}

/** The reason behind what the SDK throws, with its code; of repeated tries the last. */
export function reasonOf(error: unknown): string {
  const last = lastOf(error);
  if (!(last instanceof Error)) return String(last);
  const code = codeOf(last);
  return code === undefined ? last.message : `${code}: ${last.message}`;
}

export function codeOf(error: unknown): string | undefined {
  const { code } = (lastOf(error) ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

function lastOf(error: unknown): unknown {
  return error instanceof AggregateError && error.errors.length > 0 ? lastOf(error.errors.at(-1)) : error;
}
