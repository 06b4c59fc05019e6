import type { MethodAnswer } from '../../../domain/devices/device-hub.ts';
import {
  isFault,
  type Json,
  type JsonObject,
  type Twin,
  type TwinProperties,
} from '../../../domain/devices/twin.ts';
import { type Answer, ifMatch, notImplemented, refuse } from './answer.ts';
import type { Identity } from './identities.ts';
import type { LocalHubParts } from './start-local-iot-hub.ts';

/** IoT Hub's twins and direct methods over REST. `known` refuses a device that is not there. */
export function twinOperations({ identities, hub }: LocalHubParts, known: (deviceId: string) => Identity) {
  const described = async (identity: Identity, twin: Twin) => ({
    deviceId: identity.deviceId,
    etag: etagText(twin.etag),
    deviceEtag: identity.etag,
    status: identity.status,
    statusReason: identity.statusReason,
    statusUpdateTime: identity.statusUpdatedTime,
    connectionState: (await hub.isConnected(identity.deviceId)) ? 'Connected' : 'Disconnected',
    lastActivityTime: '0001-01-01T00:00:00',
    cloudToDeviceMessageCount: await hub.waitingMessages(identity.deviceId),
    authenticationType: identity.authentication.type,
    x509Thumbprint: identity.authentication.x509Thumbprint,
    modelId: '',
    version: twin.version,
    tags: twin.tags,
    properties: { desired: properties(twin.desired), reported: properties(twin.reported) },
    capabilities: identity.capabilities,
  });

  async function answer(identity: Identity, twin: Twin): Promise<Answer> {
    return {
      status: 200,
      body: await described(identity, twin),
      headers: { etag: `"${etagText(twin.etag)}"` },
    };
  }

  return {
    get: async (deviceId: string) => answer(known(deviceId), await hub.twin(deviceId)),
    change: async (
      deviceId: string,
      type: 'patch' | 'replace',
      asked: { tags?: JsonObject; properties?: { desired?: JsonObject } },
      header: string | undefined,
    ): Promise<Answer> => {
      const identity = known(deviceId);
      const etag = ifMatch(header) ?? '*';
      const desired = withoutSystem(asked.properties?.desired);
      const after = await hub.changeTwin(deviceId, {
        type,
        ...(desired === undefined ? {} : { desired }),
        ...(asked.tags === undefined ? {} : { tags: asked.tags }),
        ...(etag === '*' ? {} : { ifEtag: etagNumber(etag) }),
      });
      if (!isFault(after)) return answer(identity, after);
      return after.fault === 'etag'
        ? refuse(412, 'PreconditionFailed', after.detail)
        : refuse(400, 'ArgumentInvalid', after.detail);
    },
    callMethod: async (deviceId: string, asked: AskedCall): Promise<Answer> => {
      known(deviceId);
      const { methodName, responseTimeoutInSeconds = 30, connectTimeoutInSeconds = 0 } = asked;
      if (typeof methodName !== 'string') refuse(400, 'ArgumentNull', 'methodName');
      if (!(responseTimeoutInSeconds >= 5 && responseTimeoutInSeconds <= 300)) {
        refuse(400, 'ArgumentInvalid', 'responseTimeoutInSeconds is 5 to 300');
      }
      if (!(connectTimeoutInSeconds >= 0 && connectTimeoutInSeconds <= 300)) {
        refuse(400, 'ArgumentInvalid', 'connectTimeoutInSeconds is 0 to 300');
      }
      const result = await hub.callMethod(deviceId, {
        method: methodName,
        payload: asked.payload,
        responseTimeoutMs: responseTimeoutInSeconds * 1_000,
        connectTimeoutMs: connectTimeoutInSeconds * 1_000,
      });
      return result.type === 'answered'
        ? { status: 200, body: { status: result.status, payload: result.payload ?? null } }
        : refuseCall(deviceId, result);
    },
    /** The one query that Headway asks: every device, in pages. */
    query: async (
      asked: { query?: string },
      page: { size: string | undefined; after: string | undefined },
    ): Promise<Answer> => {
      const text = (asked.query ?? '').trim().replaceAll(/\s+/g, ' ');
      if (!/^select \* from devices$/i.test(text)) notImplemented(`query ${text}`);
      const size = Math.min(Number(page.size ?? 100) || 100, 1_000);
      const found = identities.list(size + 1, page.after);
      const body = found.slice(0, size);
      const last = body.at(-1)?.deviceId;
      return {
        status: 200,
        body: await Promise.all(body.map(async (each) => described(each, await hub.twin(each.deviceId)))),
        headers: {
          'x-ms-item-type': 'Twin',
          ...(found.length > size && last !== undefined
            ? { 'x-ms-continuation': encodeURIComponent(last) }
            : {}),
        },
      };
    },
  };
}

export interface AskedCall {
  methodName?: unknown;
  payload?: Json;
  responseTimeoutInSeconds?: number;
  connectTimeoutInSeconds?: number;
}

function refuseCall(deviceId: string, answer: Exclude<MethodAnswer, { type: 'answered' }>): never {
  switch (answer.type) {
    case 'offline':
      return refuse(404, 'DeviceNotOnline', `${deviceId} is not connected, or listens to no methods`);
    case 'timeout':
      return refuse(504, 'GatewayTimeout', `${deviceId} did not answer in time`);
    case 'lost':
      return refuse(504, 'GatewayTimeout', `the connection of ${deviceId} ended before it answered`);
    case 'busy':
      return refuse(429, 'ThrottlingException', `too many calls of ${deviceId} are under way`);
    case 'bad-answer':
      return refuse(502, 'DeviceInvalidResponse', answer.detail);
    case 'bad-call':
      return refuse(400, 'ArgumentInvalid', answer.detail);
  }
}

function properties({ values, metadata, version }: TwinProperties) {
  return { ...values, $metadata: metadata, $version: version };
}

/** What was read goes back changed: what the hub itself adds to it is not the office's. */
function withoutSystem(desired: JsonObject | undefined): JsonObject | undefined {
  if (typeof desired !== 'object' || desired === null) return desired;
  const { $metadata: _metadata, $version: _version, ...own } = desired;
  return own;
}

/** As IoT Hub writes them: eight bytes, base64. */
function etagText(etag: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(etag));
  return bytes.toString('base64');
}

/** No twin has -1. */
function etagNumber(text: string): number {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === 8 ? Number(bytes.readBigUInt64BE()) : -1;
}
