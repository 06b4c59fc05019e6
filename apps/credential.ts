import type { Device, Installation } from '#domain/registry/entries.ts';

export interface Doors {
  host: string;
  mqttPort: number;
  mqttsPort: number | undefined;
  /** Name of the IoT Hub that devices believe they speak to; without it, the host itself. */
  hubName: string | undefined;
}

/** What a device's installer needs, told once: the key is shown nowhere else. */
export interface Credential {
  deviceId: string;
  key: string;
  mqttHost: string;
  mqttPort: number;
  mqttsPort: number | undefined;
  clientId: string;
  username: string;
  topic: string;
  /** For an Azure IoT device SDK, over TLS. */
  connectionString: string;
  /** A first reading from a shell. */
  example: string;
}

export function credentialOf(device: Device, doors: Doors, installation: Installation): Credential {
  const { deviceId, key } = device;
  const topic = `headway/v1/${deviceId}/telemetry`;
  const port = doors.mqttsPort === undefined || doors.mqttsPort === 8883 ? '' : `:${doors.mqttsPort}`;
  const isDirect = doors.hubName === undefined && port === '' && loopback.has(doors.host);
  const gateway = isDirect ? '' : `;GatewayHostName=${doors.host}${port}`;
  return {
    deviceId,
    key,
    mqttHost: doors.host,
    mqttPort: doors.mqttPort,
    mqttsPort: doors.mqttsPort,
    clientId: deviceId,
    username: deviceId,
    topic,
    connectionString: `HostName=${doors.hubName ?? 'localhost'};DeviceId=${deviceId};SharedAccessKey=${key}${gateway}`,
    example: `mosquitto_pub -h ${doors.host} -p ${doors.mqttPort} -q 1 -i ${quoted(deviceId)} -u ${quoted(deviceId)} -P ${quoted(key)} -t ${quoted(topic)} -m ${firstReading(installation)}`,
  };
}

/** In quotes for a shell, which puts the present minute in. */
function firstReading({ periodS = 60, lanes, directions }: Installation): string {
  const place = {
    ...(directions?.[0] === undefined ? {} : { direction: directions[0] }),
    ...(lanes?.[0] === undefined ? {} : { lane: lanes[0] }),
  };
  const reading = { kind: 'traffic-flow', observedAt: MINUTE, periodS, ...place, count: 12, speedKmh: 48 };
  const [before, after] = JSON.stringify(reading).split(MINUTE) as [string, string];
  return `${inQuotes(before)}"$(date -u +%Y-%m-%dT%H:%M:00Z)"${inQuotes(after)}`;
}

const MINUTE = 'MINUTE';

const loopback = new Set(['localhost', '127.0.0.1', '::1']);

/** For a POSIX shell. */
function quoted(text: string): string {
  return /^[A-Za-z0-9_.:/@%+=-]+$/.test(text) ? text : inQuotes(text);
}

function inQuotes(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
