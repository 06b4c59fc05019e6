import { LIVE } from '#domain/log.ts';
import { type Identities, openIdentities } from '#infra/local/iot-hub/identities.ts';
import { startLocalIotHub } from '#infra/local/iot-hub/start-local-iot-hub.ts';
import { openDeviceTwins } from '#infra/sqlite/device-twins.ts';
import type { DeviceDirectory } from '#ingest/gateway/device-directory.ts';
import { type Gateway, type GatewayOptions, startGateway } from '#ingest/gateway/gateway.ts';

export interface LocalHubOptions extends Pick<GatewayOptions, 'log' | 'door' | 'host' | 'clock'> {
  /** Identities, twins and messages are kept here. */
  directory: string;
  /** MQTT over TLS and the service's REST, 0: any free one. Without TLS a local hub opens a free port, on loopback. */
  mqttsPort: number;
  restPort: number;
  tls: { key: string; cert: string };
  hubName: string;
  /** Of the policy iothubowner, base64. */
  key: string;
}

export interface LocalHub {
  gateway: Gateway;
  /** For `azure-iothub`. */
  connectionString: string;
  identities: Identities;
  close(): Promise<void>;
}

/**
 * A local IoT Hub: the gateway's device protocol and the service's REST on one state. What devices send goes to `log`
 * before it is acknowledged; its devices are its own identities, not Headway's registry.
 */
export async function openLocalHub(options: LocalHubOptions): Promise<LocalHub> {
  const { directory, log, door, host, clock, tls, hubName } = options;
  const identities = openIdentities(directory);
  const twins = openDeviceTwins(`${directory}/device-twins.db`, clock);
  const closing: (() => unknown)[] = [() => identities.close(), () => twins.close()];
  const close = async () => {
    for (const end of closing.reverse()) await end();
  };
  try {
    const gateway = await startGateway({
      log,
      door,
      host,
      clock,
      hubName,
      tls,
      port: 0,
      tlsPort: options.mqttsPort,
      devices: asDirectory(identities),
      deviceState: twins.state,
    });
    closing.push(() => gateway.close());
    const rest = await startLocalIotHub({
      identities,
      hub: gateway.hub,
      forget: (deviceId) => twins.state.forget(deviceId),
      clock,
      host,
      port: options.restPort,
      tls,
      policy: { name: 'iothubowner', key: options.key },
      hubName,
    });
    closing.push(() => rest.close());
    return { gateway, connectionString: rest.connectionString, identities, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function asDirectory(identities: Identities): DeviceDirectory {
  return {
    find: (deviceId) => {
      const identity = identities.find(deviceId);
      if (identity?.status !== 'enabled') return undefined;
      const { symmetricKey, x509Thumbprint } = identity.authentication;
      const { primaryThumbprint, secondaryThumbprint } = x509Thumbprint;
      return {
        deviceId,
        domain: LIVE,
        role: 'sensor',
        key: symmetricKey.primaryKey ?? undefined,
        secondaryKey: symmetricKey.secondaryKey ?? undefined,
        thumbprints: [primaryThumbprint, secondaryThumbprint].filter((each) => each !== null),
      };
    },
  };
}
