import type { Connection } from './connection.ts';

export interface AzureDevice {
  deviceId: string;
  key: string;
  /** Of the hub, as the device knows it: part of what it signs. */
  hubHostName: string;
  /** Where the device really connects, with TLS: `localhost:8883`; without it, to the hub itself. */
  gateway?: string;
  /** PEM certificates to trust, for a gateway with a development CA. */
  ca?: string;
}

/** A sensor with the real Azure IoT device SDK, over MQTT with TLS. */
export async function azureConnection(device: AzureDevice): Promise<Connection> {
  // CommonJS whose named exports Node does not see through.
  const { Client, Message } = (await import('azure-iot-device')).default;
  const { Mqtt } = (await import('azure-iot-device-mqtt')).default;
  const parts = [
    `HostName=${device.hubHostName}`,
    `DeviceId=${device.deviceId}`,
    `SharedAccessKey=${device.key}`,
    ...(device.gateway === undefined ? [] : [`GatewayHostName=${device.gateway}`]),
  ];
  const client = Client.fromConnectionString(parts.join(';'), Mqtt);
  client.on('error', () => undefined);
  if (device.ca !== undefined) await client.setOptions({ ca: device.ca });
  try {
    await client.open();
  } catch (error) {
    await client.close().catch(() => undefined);
    throw error;
  }
  return {
    send: async (payload) => {
      const message = new Message(Buffer.from(payload));
      message.contentType = 'application/json';
      message.contentEncoding = 'utf-8';
      await client.sendEvent(message);
    },
    close: async () => {
      await client.close().catch(() => undefined);
    },
  };
}
