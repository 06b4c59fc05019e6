import mqttPacket from 'mqtt-packet';
import { key, type RawSender, rawSender, type TestDoor, until } from './test-door.ts';

export function connectPacket(deviceId: string, keepAliveS = 0): Buffer {
  return mqttPacket.generate({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clientId: deviceId,
    clean: true,
    keepalive: keepAliveS,
    username: deviceId,
    password: Buffer.from(key(deviceId)),
  });
}

export function publishPacket(
  topic: string,
  payload: string | Buffer,
  messageId: number,
  qos: 0 | 1 | 2 = 1,
): Buffer {
  return mqttPacket.generate({ cmd: 'publish', topic, payload, qos, messageId, dup: false, retain: false });
}

/** Connected, CONNACK read: what it receives from now on is what comes after. */
export async function connectedSender(door: TestDoor, deviceId: string, keepAliveS = 0): Promise<RawSender> {
  const sender = await rawSender(door.gateway.port);
  sender.send(connectPacket(deviceId, keepAliveS));
  await until(() => sender.received().length >= 4, 'CONNACK');
  if (sender.received().toString('hex') !== '20020000') throw new Error(`CONNACK ${sender.received()[3]}`);
  return { ...sender, received: () => sender.received().subarray(4) };
}
