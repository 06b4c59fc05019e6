import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startLocalBlob } from '#infra/local/blob/start-local-blob.ts';
import { startLocalCosmos } from '#infra/local/cosmos/start-local-cosmos.ts';
import { startLocalEventHubs } from '#infra/local/event-hubs/start-local-event-hubs.ts';
import { builtInEndpoint } from '#infra/local/iot-hub/built-in-endpoint.ts';
import { developmentCertificates } from '#ingest/gateway/development-certificates.ts';
import { type LocalHub, openLocalHub } from './local-iot-hub.ts';

export interface LocalAzureOptions {
  /** Everything that the endpoints keep. */
  directory: string;
  ports: { eventHubs: number; cosmos: number; blob: number; iotHub: number; iotHubMqtts: number };
  hub: string;
  partitions: number;
}

export interface LocalAzure {
  eventHubs: Awaited<ReturnType<typeof startLocalEventHubs>>;
  cosmos: Awaited<ReturnType<typeof startLocalCosmos>>;
  blob: Awaited<ReturnType<typeof startLocalBlob>>;
  iotHub: LocalHub;
  /** PEM file of who signed the certificates of Cosmos DB and IoT Hub. */
  caFile: string;
  close(): Promise<void>;
}

/** No secrets: they open what is on this machine's loopback and nowhere else, and stand in configs/azure-local.json. */
const EVENT_HUBS_KEY = 'local-endpoints-have-no-secrets';
/** Of the account and of the policy iothubowner. */
const BASE64_KEY = Buffer.from(EVENT_HUBS_KEY).toString('base64');

/** Event Hubs, Cosmos DB, Blob Storage and IoT Hub on this machine, for Headway's Azure configuration and the real SDKs. */
export async function startLocalAzure(options: LocalAzureOptions): Promise<LocalAzure> {
  const { directory, ports, hub, partitions } = options;
  mkdirSync(directory, { recursive: true });
  const tls = await developmentCertificates(join(directory, 'certificates'));
  const caFile = join(directory, 'ca.pem');
  writeFileSync(caFile, tls.ca);
  const opened: { close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    for (const endpoint of opened.reverse()) await endpoint.close();
  };
  try {
    const eventHubs = await startLocalEventHubs({
      directory: join(directory, 'event-hubs'),
      port: ports.eventHubs,
      hubs: [{ name: hub, partitions, consumerGroups: ['$Default'] }],
      key: EVENT_HUBS_KEY,
    });
    opened.push(eventHubs);
    const cosmos = await startLocalCosmos({
      directory: join(directory, 'cosmos'),
      port: ports.cosmos,
      tls: { key: tls.key, cert: tls.cert },
      key: BASE64_KEY,
    });
    opened.push(cosmos);
    mkdirSync(join(directory, 'blob'), { recursive: true });
    const blob = await startLocalBlob({ directory: join(directory, 'blob'), port: ports.blob });
    opened.push(blob);
    const iotHub = await openLocalHub({
      directory: join(directory, 'iot-hub'),
      // What its devices send stands in the hub before it is acknowledged, as behind IoT Hub.
      log: builtInEndpoint((event) => eventHubs.enqueue(hub, event)),
      door: { refused: () => undefined },
      host: '127.0.0.1',
      clock: Date.now,
      mqttsPort: ports.iotHubMqtts,
      restPort: ports.iotHub,
      tls,
      hubName: 'localhost',
      key: BASE64_KEY,
    });
    opened.push(iotHub);
    return { eventHubs, cosmos, blob, iotHub, caFile, close };
  } catch (error) {
    await close();
    throw error;
  }
}
