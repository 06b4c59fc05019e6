import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startLocalBlob } from '#infra/local/blob/start-local-blob.ts';
import { startLocalCosmos } from '#infra/local/cosmos/start-local-cosmos.ts';
import { startLocalEventHubs } from '#infra/local/event-hubs/start-local-event-hubs.ts';
import { developmentCertificates } from '#ingest/gateway/development-certificates.ts';

export const serviceNames = ['Event Hubs', 'Cosmos DB', 'Blob Storage'] as const;
export type ServiceName = (typeof serviceNames)[number];

export interface LocalServices {
  /** What a process of the city is told of them. */
  settings: Record<string, string>;
  /** Ends it with every connection; `start` brings it back on its port, with what it held. */
  stop(name: ServiceName): Promise<void>;
  start(name: ServiceName): Promise<void>;
  close(): Promise<void>;
}

interface Running {
  connectionString: string;
  close(): Promise<void>;
}

const KEY = 'a local key';

/** The three services of a city on Azure, each of which can be out for a while. */
export async function localServices(directory: string, partitions: number): Promise<LocalServices> {
  const tls = await developmentCertificates(join(directory, 'certificates'));
  const caFile = join(directory, 'ca.pem');
  writeFileSync(caFile, tls.ca);
  mkdirSync(join(directory, 'blob'));
  const key = Buffer.from(KEY).toString('base64');
  const makers: Record<ServiceName, (port: number) => Promise<Running>> = {
    'Event Hubs': (port) =>
      startLocalEventHubs({
        directory: join(directory, 'event-hubs'),
        port,
        hubs: [{ name: 'headway', partitions }],
        key: KEY,
      }),
    'Cosmos DB': (port) => startLocalCosmos({ directory: join(directory, 'cosmos'), port, tls, key }),
    'Blob Storage': (port) => startLocalBlob({ directory: join(directory, 'blob'), port }),
  };
  const running = new Map<ServiceName, Running>();
  for (const name of serviceNames) running.set(name, await makers[name](0));
  const connectionStrings = new Map([...running].map(([name, r]) => [name, r.connectionString]));
  const portOf = (name: ServiceName): number =>
    Number(/:(\d{4,5})[/;]/.exec(connectionStrings.get(name)!)![1]);
  return {
    settings: {
      HEADWAY_EVENT_HUBS_CONNECTION_STRING: connectionStrings.get('Event Hubs')!,
      HEADWAY_COSMOS_CONNECTION_STRING: connectionStrings.get('Cosmos DB')!,
      HEADWAY_COSMOS_CA_FILE: caFile,
      HEADWAY_BLOB_CONNECTION_STRING: connectionStrings.get('Blob Storage')!,
    },
    stop: async (name) => {
      await running.get(name)!.close();
      running.delete(name);
    },
    start: async (name) => {
      running.set(name, await makers[name](portOf(name)));
    },
    close: async () => {
      for (const service of running.values()) await service.close();
    },
  };
}
