import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  EventHubConsumerClient,
  EventHubProducerClient,
  type EventPosition,
  type ReceivedEventData,
} from '@azure/event-hubs';
import {
  type LocalEventHubs,
  type LocalEventHubsOptions,
  startLocalEventHubs,
} from '#infra/local/event-hubs/start-local-event-hubs.ts';

export const KEY = 'a local key';
const impatient = { retryOptions: { maxRetries: 0, timeoutInMs: 5_000 } };

/** A namespace with the hub `telemetry` of two partitions, and clients of the real SDK that do not try again. */
export async function localNamespace(options: Partial<LocalEventHubsOptions> = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'headway-event-hubs-'));
  const hubs = [{ name: 'telemetry', partitions: 2, consumerGroups: ['archive'] }];
  const start = (port: number): Promise<LocalEventHubs> =>
    startLocalEventHubs({ directory, port, hubs, key: KEY, ...options });
  let server = await start(0);
  const { connectionString, port } = server;
  const clients: { close(): Promise<void> }[] = [];
  const opened = <T extends { close(): Promise<void> }>(client: T): T => {
    clients.push(client);
    return client;
  };
  return {
    directory,
    connectionString,
    port,
    server: () => server,
    producer: (hub = 'telemetry', text = connectionString) =>
      opened(new EventHubProducerClient(text, hub, impatient)),
    consumer: (group = '$Default', hub = 'telemetry', text = connectionString) =>
      opened(new EventHubConsumerClient(group, text, hub, impatient)),
    stop: () => server.close(),
    async restart() {
      server = await start(port);
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client.close();
      await server.close();
      await rm(directory, { recursive: true });
    },
  };
}

/** A receiver of one partition, as the SDK makes it. */
export function receive(
  client: EventHubConsumerClient,
  partitionId: string,
  startPosition: EventPosition,
  options: { ownerLevel?: number } = {},
) {
  const events: ReceivedEventData[] = [];
  const errors: string[] = [];
  let changed = (): void => {};
  const subscription = client.subscribe(
    partitionId,
    {
      async processEvents(batch) {
        events.push(...batch);
        changed();
      },
      async processError(error) {
        errors.push(String((error as { code?: string }).code));
        changed();
      },
    },
    { startPosition, maxBatchSize: 500, maxWaitTimeInSeconds: 1, ...options },
  );
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo())
      await new Promise<void>((resolve) => {
        changed = resolve;
      });
  };
  return {
    events,
    errors,
    close: () => subscription.close(),
    bodies: async (count: number): Promise<unknown[]> => {
      await until(() => events.length >= count);
      return events.map((event) => event.body);
    },
    firstError: async (): Promise<string> => {
      await until(() => errors.length > 0);
      return errors[0]!;
    },
  };
}

/** The SDK's code of what a call fails with. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'none';
  } catch (error) {
    return String((error as { code?: string }).code ?? error);
  }
}
