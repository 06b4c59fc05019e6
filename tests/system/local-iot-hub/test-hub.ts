import { Client as DeviceClient } from 'azure-iot-device';
import { Mqtt } from 'azure-iot-device-mqtt';
import { Client as ServiceClient } from 'azure-iothub';
import type { TestContext } from 'vitest';
import { type LocalHub, openLocalHub } from '#apps/local-iot-hub.ts';
import type { EventLog, LogEntry } from '#domain/log.ts';
import { type HubRegistry, hubRegistry, reachPort } from '#infra/iot-hub/hub-registry.ts';
import { developmentCertificates } from '#ingest/gateway/development-certificates.ts';
import { temporaryDirectory } from '../gateway/temporary-directory.ts';

export const policyKey = Buffer.alloc(32, 3).toString('base64');

export interface TestLocalHub extends LocalHub {
  registry: HubRegistry;
  /** Direct methods by the real service client. */
  service: ServiceClient;
  logged: LogEntry[];
  ca: string;
  caPath: string;
  /** The real device SDK, connected. */
  device(deviceId: string, sharedAccessKey: string): Promise<DeviceClient>;
}

/** Closed when the test ends. */
export async function openTestHub(
  context: TestContext,
  log?: Pick<EventLog, 'append'>,
): Promise<TestLocalHub> {
  const directory = await temporaryDirectory(context);
  const tls = await developmentCertificates(directory);
  const logged: LogEntry[] = [];
  const hub = await openLocalHub({
    directory: `${directory}/iot-hub`,
    log: log ?? { append: async (entries) => void logged.push(...entries) },
    door: { refused: () => {} },
    host: '127.0.0.1',
    clock: Date.now,
    mqttsPort: 0,
    restPort: 0,
    tls,
    hubName: 'city.azure-devices.net',
    key: policyKey,
  });
  const devices: DeviceClient[] = [];
  context.onTestFinished(async () => {
    await Promise.all(devices.map((device) => device.close().catch(() => undefined)));
    await hub.close();
  });
  const service = ServiceClient.fromConnectionString(hub.connectionString);
  reachPort(service, /HostName=([^;]+)/.exec(hub.connectionString)![1]!, tls.ca);
  return {
    ...hub,
    registry: hubRegistry({ connectionString: hub.connectionString }, tls.ca),
    service,
    logged,
    ca: tls.ca,
    caPath: tls.caPath,
    device: async (deviceId, sharedAccessKey) => {
      const hosts = `HostName=city.azure-devices.net;GatewayHostName=localhost:${hub.gateway.tlsPort}`;
      const device = DeviceClient.fromConnectionString(
        `${hosts};DeviceId=${deviceId};SharedAccessKey=${sharedAccessKey}`,
        Mqtt,
      );
      await device.setOptions({ ca: tls.ca });
      await device.open();
      devices.push(device);
      return device;
    },
  };
}
