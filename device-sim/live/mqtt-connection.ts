import { connectAsync } from 'mqtt';
import type { Connection } from './connection.ts';

export interface MqttDevice {
  deviceId: string;
  key: string;
  host: string;
  port: number;
}

/** A sensor as a plain MQTT 3.1.1 client: device id and key, QoS 1 on its own topic. */
export async function mqttConnection({ deviceId, key, host, port }: MqttDevice): Promise<Connection> {
  const client = await connectAsync({
    host,
    port,
    protocol: 'mqtt',
    protocolVersion: 4,
    clientId: deviceId,
    username: deviceId,
    password: key,
    clean: true,
    keepalive: 60,
    connectTimeout: 10_000,
    reconnectPeriod: 0,
  });
  const topic = `headway/v1/${deviceId}/telemetry`;
  const lost = new Set<(error: Error) => void>();
  client.on('error', () => undefined);
  client.on('close', () => {
    for (const reject of lost)
      reject(new Error(`the connection of ${deviceId} was closed before the acknowledgement`));
    lost.clear();
  });
  return {
    send: (payload) =>
      new Promise<void>((resolve, reject) => {
        if (!client.connected) {
          reject(new Error(`the connection of ${deviceId} is closed`));
          return;
        }
        lost.add(reject);
        client.publish(topic, Buffer.from(payload), { qos: 1 }, (error) => {
          lost.delete(reject);
          if (error) reject(error);
          else resolve();
        });
      }),
    close: () => client.endAsync(true),
  };
}
