import { openDeviceTwins } from '#infra/sqlite/device-twins.ts';
import { type Gateway, startGateway } from '#ingest/gateway/gateway.ts';
import type { WrittenLog } from './city-state.ts';
import { type Config, OperatorFault } from './config.ts';
import type { DataDirectory } from './data-directory.ts';
import { followRegistry } from './device-directory.ts';
import { gatewayCertificate } from './gateway-certificate.ts';

export interface Door {
  gateway: Gateway;
  /** Registered devices are known to the door from here on. */
  refreshDevices(): Promise<void>;
  /** After the gateway was closed. */
  close(): Promise<void>;
}

/**
 * Lets devices in, and what they send into the log. `ephemeral`: on a free port, without TLS, for this process's own
 * work. @throws OperatorFault
 */
export async function startDoor(
  config: Config,
  data: DataDirectory,
  log: WrittenLog,
  ephemeral: boolean,
): Promise<Door> {
  const opened: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const end of opened.reverse()) await end();
  };
  try {
    const devices = await followRegistry(data.registry, REGISTRY_EVERY_MS, (message) =>
      console.error(`headway: ${message}`),
    );
    opened.push(() => devices.stop());
    const counts = data.doorCounts();
    opened.push(() => counts.close());
    const twins = openDeviceTwins(data.deviceStatePath, Date.now);
    opened.push(() => twins.close());
    const { host, mqttPort, mqttsPort, hubName } = config.gateway;
    const tls = ephemeral ? undefined : await gatewayCertificate(config.gateway, data.certificatesPath);
    const gateway = await startGateway({
      log,
      devices,
      deviceState: twins.state,
      door: counts,
      host,
      port: ephemeral ? 0 : mqttPort,
      ...(tls ? { tls, tlsPort: mqttsPort } : {}),
      clock: Date.now,
      hubName,
    }).catch((error: NodeJS.ErrnoException) => {
      throw new OperatorFault(
        `could not listen for devices on ${host}`,
        error.message,
        'is another broker running? choose ports with HEADWAY_GATEWAY_MQTT_PORT and HEADWAY_GATEWAY_MQTTS_PORT',
        3,
      );
    });
    data.setRunning({
      pid: process.pid,
      host,
      mqttPort: gateway.port,
      mqttsPort: gateway.tlsPort,
      apiUrl: undefined,
      ephemeral,
    });
    opened.unshift(() => data.setRunning(undefined));
    return { gateway, refreshDevices: devices.refresh, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const REGISTRY_EVERY_MS = 250;
