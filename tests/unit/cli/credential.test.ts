import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { credentialOf, type Doors } from '#apps/credential.ts';
import { trafficFlow } from '#domain/readings/traffic-flow.ts';

const key = Buffer.alloc(32, 7).toString('base64');
const doors: Doors = {
  host: '127.0.0.1',
  mqttPort: 1883,
  mqttsPort: 8883,
  hubName: 'city.azure-devices.net',
};

function credential(deviceId: string, at: Doors = doors) {
  const installation = { deviceId, siteId: '12', periodS: 60, lanes: [2, 3], directions: ['N'] };
  return credentialOf({ deviceId, domain: 'live', role: 'sensor', key }, at, installation);
}

test('the example is a command a shell takes as it stands, and sends a reading that admission knows', () => {
  const { example } = credential("cam'1$x");
  const shell = spawnSync('sh', ['-c', `mosquitto_pub() { printf '%s\\n' "$@"; }; ${example}`], {
    encoding: 'utf8',
  });
  expect(shell.stderr).toBe('');
  const args = shell.stdout.trimEnd().split('\n');
  const after = (flag: string) => args[args.indexOf(flag) + 1]!;
  expect(after('-u')).toBe("cam'1$x");
  expect(after('-P')).toBe(key);
  expect(after('-t')).toBe("headway/v1/cam'1$x/telemetry");
  const reading = trafficFlow.schema.parse(JSON.parse(after('-m')));
  expect(reading).toMatchObject({ periodS: 60, lane: 2, direction: 'N' });
  expect(Math.abs(Date.now() - Date.parse(reading.observedAt))).toBeLessThan(120_000);
});

test('a device that shows a certificate is told so, and no key', () => {
  const thumbprints = ['A'.repeat(40)];
  const made = credentialOf({ deviceId: 'cam-1', domain: 'live', role: 'sensor', thumbprints }, doors, {});
  expect(made).toMatchObject({ key: '', thumbprints });
  expect(made.connectionString).toBe('HostName=127.0.0.1;DeviceId=cam-1;x509=true');
  expect(made.example).toContain('-p 8883 --cafile ca.pem --cert device.pem --key device-key.pem');
});

test('the connection string names the hub that is signed for, and the door as its gateway', () => {
  expect(credential('cam-1').connectionString).toBe(
    `HostName=city.azure-devices.net;DeviceId=cam-1;SharedAccessKey=${key};GatewayHostName=127.0.0.1`,
  );
  const there = { ...doors, host: 'traffic.example', mqttsPort: 8884 };
  expect(credential('cam-1', there).connectionString).toBe(
    `HostName=city.azure-devices.net;DeviceId=cam-1;SharedAccessKey=${key};GatewayHostName=traffic.example:8884`,
  );
});
