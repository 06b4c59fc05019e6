import { Client } from 'azure-iot-device';
import { Mqtt } from 'azure-iot-device-mqtt';
import type { TestContext } from 'vitest';
import { developmentCertificates } from '#ingest/gateway/development-certificates.ts';
import type { GatewayOptions } from '#ingest/gateway/gateway.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { HUB, key, openDoor, type TestDoor } from './test-door.ts';

export interface TestHub extends TestDoor {
  ca: string;
  /** The real SDK, connected over TLS; closed with the hub. */
  azureDevice(deviceId: string): Promise<Client>;
  connectionString(deviceId: string): string;
}

/** A gateway with TLS, for the real SDK. */
export async function openHub(context: TestContext, options: Partial<GatewayOptions> = {}): Promise<TestHub> {
  const tls = options.tls ?? (await developmentCertificates(await temporaryDirectory(context)));
  const ca = tls.ca!;
  const door = await openDoor({ tlsPort: 0, ...options, tls });
  const clients: Client[] = [];
  const connectionString = (deviceId: string) =>
    `HostName=${HUB};DeviceId=${deviceId};SharedAccessKey=${key(deviceId)};GatewayHostName=localhost:${door.gateway.tlsPort}`;
  return {
    ...door,
    ca,
    connectionString,
    azureDevice: async (deviceId) => {
      const client = Client.fromConnectionString(connectionString(deviceId), Mqtt);
      await client.setOptions({ ca });
      await client.open();
      clients.push(client);
      return client;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(clients.map((client) => client.close().catch(() => undefined)));
      await door[Symbol.asyncDispose]();
    },
  };
}
