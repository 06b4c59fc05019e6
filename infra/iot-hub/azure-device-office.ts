import { DefaultAzureCredential } from '@azure/identity';
import device from 'azure-iot-device';
import iothub from 'azure-iothub';
import type { DeviceOffice, MethodAnswer } from '#domain/devices/device-hub.ts';
import type { JsonObject, Twin, TwinMetadata, TwinProperties } from '#domain/devices/twin.ts';
import { authentication, type Service } from '../azure/authentication.ts';
import { hostOf, hubRegistry, reachPort } from './hub-registry.ts';

/** The devices of an Azure IoT Hub, through `azure-iothub`. Messages go by AMQP; an IoT Hub alone has that. */
export function azureDeviceOffice(service: Service, ca?: string): DeviceOffice {
  const registry = hubRegistry(service, ca);
  const client = serviceClient(service, ca);
  return {
    twin: async (deviceId) =>
      toTwin((await registry.getTwin(deviceId)).responseBody as unknown as StoredTwin),
    changeTwin: async (deviceId, { type, desired, tags }) => {
      if (type === 'replace') return { fault: 'rule', detail: 'azure-iothub can only patch a twin' };
      const patch = { ...(tags ? { tags } : {}), ...(desired ? { properties: { desired } } : {}) };
      try {
        const { responseBody } = await registry.updateTwin(deviceId, patch, '*');
        return toTwin(responseBody as unknown as StoredTwin);
      } catch (error) {
        if ((error as Error).name !== 'ArgumentError') throw error;
        return { fault: 'rule', detail: (error as Error).message };
      }
    },
    callMethod: async (deviceId, call) => {
      try {
        const { result } = await client.invokeDeviceMethod(deviceId, {
          methodName: call.method,
          payload: call.payload ?? null,
          // The hub's least.
          responseTimeoutInSeconds: Math.max(5, Math.ceil(call.responseTimeoutMs / 1_000)),
          connectTimeoutInSeconds: Math.ceil(call.connectTimeoutMs / 1_000),
        });
        return { type: 'answered', status: result.status, payload: result.payload ?? undefined };
      } catch (error) {
        return refusedCall(error as RefusedByHub);
      }
    },
    send: async (deviceId, { body, properties, ttlMs }) => {
      if (isLocal(service)) throw new Error('a local IoT Hub has no AMQP, the one way by which messages go');
      const message = new device.Message(Buffer.from(body));
      for (const [name, value] of Object.entries(properties)) message.properties.add(name, value);
      message.expiryTimeUtc = Date.now() + ttlMs;
      await client.open();
      try {
        await client.send(deviceId, message as never);
        return 'queued';
      } catch (error) {
        const { name } = error as Error;
        if (name === 'DeviceMaximumQueueDepthExceededError') return 'full';
        if (name === 'MessageTooLargeError') return 'too-large';
        throw error;
      } finally {
        await client.close();
      }
    },
  };
}

function serviceClient(service: Service, ca: string | undefined): iothub.Client {
  const found = authentication('IoT Hub', service);
  if (found.by === 'identity') {
    return iothub.Client.fromTokenCredential(hostOf(found.endpoint), new DefaultAzureCredential());
  }
  const client = iothub.Client.fromConnectionString(found.connectionString);
  // Somebody waits for the answer: the SDK would try for four minutes.
  client.setRetryPolicy({ shouldRetry: () => false, nextRetryTimeout: () => -1 });
  reachPort(client, /(?:^|;)HostName=([^;]+)/i.exec(found.connectionString)?.[1] ?? '', ca);
  return client;
}

/** Azure's own is on the usual ports. */
function isLocal({ connectionString }: Service): boolean {
  return /(?:^|;)HostName=[^;]+:\d/i.test(connectionString ?? '');
}

interface RefusedByHub extends Error {
  responseBody?: string;
}

function refusedCall(error: RefusedByHub): MethodAnswer {
  const body = error.responseBody ?? '';
  if (/DeviceNotOnline|404103/.test(body)) return { type: 'offline' };
  switch (error.name) {
    case 'GatewayTimeoutError':
      return { type: 'timeout' };
    case 'ThrottlingError':
      return { type: 'busy' };
    case 'BadDeviceResponseError':
      return { type: 'bad-answer', detail: error.message };
    case 'ArgumentError':
      return { type: 'bad-call', detail: error.message };
    default:
      throw error;
  }
}

/** As the service writes it. */
interface StoredTwin {
  deviceId: string;
  version: number;
  tags?: JsonObject;
  properties: { desired: StoredProperties; reported: StoredProperties };
}

type StoredProperties = JsonObject & { $version: number };

function toTwin({ deviceId, version, tags, properties }: StoredTwin): Twin {
  return {
    deviceId,
    version,
    // Azure's is opaque: nothing here compares it.
    etag: 0,
    tags: tags ?? {},
    desired: toProperties(properties.desired),
    reported: toProperties(properties.reported),
  };
}

function toProperties({ $version, $metadata, ...values }: StoredProperties): TwinProperties {
  return { values, version: $version, metadata: $metadata as unknown as TwinMetadata };
}
