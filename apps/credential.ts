import type { Device, Installation } from '#domain/registry/entries.ts';

type Due = Pick<Installation, 'periodS' | 'lanes' | 'directions'>;

export interface Doors {
  host: string;
  mqttPort: number;
  mqttsPort: number | undefined;
  /** Host name of the IoT Hub that devices believe they speak to. */
  hubName: string;
}

/** What a device's installer needs, told once: the key is shown nowhere else. */
export interface Credential {
  deviceId: string;
  /** Empty for a device that shows a certificate. */
  key: string;
  thumbprints: readonly string[];
  mqttHost: string;
  mqttPort: number;
  mqttsPort: number | undefined;
  clientId: string;
  username: string;
  topic: string;
  /** For an Azure IoT device SDK, over TLS; the device must trust the CA in DATA/certificates. */
  connectionString: string;
  /** A first reading from a shell. */
  example: string;
}

/** `due`: what the example sends. */
export function credentialOf(device: Device, doors: Doors, due: Due): Credential {
  const { deviceId, key = '', thumbprints = [] } = device;
  const topic = `headway/v1/${deviceId}/telemetry`;
  const port = doors.mqttsPort === undefined || doors.mqttsPort === 8883 ? '' : `:${doors.mqttsPort}`;
  const secret =
    key === ''
      ? `-p ${doors.mqttsPort ?? 8883} --cafile ca.pem --cert device.pem --key device-key.pem`
      : `-p ${doors.mqttPort} -P ${quoted(key)}`;
  return {
    deviceId,
    key,
    thumbprints,
    mqttHost: doors.host,
    mqttPort: doors.mqttPort,
    mqttsPort: doors.mqttsPort,
    clientId: deviceId,
    username: deviceId,
    topic,
    // The SDKs know no GatewayHostName beside a certificate.
    connectionString:
      key === ''
        ? `HostName=${doors.host}${port};DeviceId=${deviceId};x509=true`
        : `HostName=${doors.hubName};DeviceId=${deviceId};SharedAccessKey=${key};GatewayHostName=${doors.host}${port}`,
    example: `mosquitto_pub -h ${doors.host} ${secret} -q 1 -i ${quoted(deviceId)} -u ${quoted(deviceId)} -t ${quoted(topic)} -m ${firstReading(due)}`,
  };
}

/** In quotes for a shell, which puts the present minute in. */
function firstReading({ periodS = 60, lanes, directions }: Due): string {
  const place = {
    ...(directions?.[0] === undefined ? {} : { direction: directions[0] }),
    ...(lanes?.[0] === undefined ? {} : { lane: lanes[0] }),
  };
  const reading = { kind: 'traffic-flow', observedAt: MINUTE, periodS, ...place, count: 12, speedKmh: 48 };
  const [before, after] = JSON.stringify(reading).split(MINUTE) as [string, string];
  return `${inQuotes(before)}"$(date -u +%Y-%m-%dT%H:%M:00Z)"${inQuotes(after)}`;
}

const MINUTE = 'MINUTE';

/** For a POSIX shell. */
function quoted(text: string): string {
  return /^[A-Za-z0-9_.:/@%+=-]+$/.test(text) ? text : inQuotes(text);
}

function inQuotes(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
