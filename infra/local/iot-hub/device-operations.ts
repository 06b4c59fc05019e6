import { randomBytes } from 'node:crypto';
import { type Answer, ifMatch, notImplemented, Refused, refuse } from './answer.ts';
import type { Identity, IdentityAuthentication } from './identities.ts';
import type { LocalHubParts } from './start-local-iot-hub.ts';

const MAX_LISTED = 1_000;
const MAX_BULK = 100;

/** IoT Hub's identity registry over REST. */
export function deviceOperations({ identities, hub, forget, clock }: LocalHubParts) {
  const described = async (identity: Identity) => ({
    ...identity,
    connectionState: (await hub.isConnected(identity.deviceId)) ? 'Connected' : 'Disconnected',
    connectionStateUpdatedTime: '0001-01-01T00:00:00',
    lastActivityTime: '0001-01-01T00:00:00',
    cloudToDeviceMessageCount: await hub.waitingMessages(identity.deviceId),
  });
  const answer = async (identity: Identity): Promise<Answer> => ({
    status: 200,
    body: await described(identity),
    headers: { etag: `"${identity.etag}"` },
  });

  function known(deviceId: string): Identity {
    return identities.find(deviceId) ?? refuse(404, 'DeviceNotFound', `there is no device ${deviceId}`);
  }

  /** Without an etag it must be new; with '*' it must be there. */
  function put(deviceId: string, asked: AskedIdentity, etag: string | undefined): Identity {
    const before = identities.find(deviceId);
    if (etag === undefined && before)
      refuse(409, 'DeviceAlreadyExists', `there is a device ${deviceId} already`);
    if (etag !== undefined) checkEtag(known(deviceId), etag);
    if (!/^[A-Za-z0-9\-:.+%_#*?!(),=@;$']{1,128}$/.test(deviceId)) {
      refuse(400, 'ArgumentInvalid', `${deviceId} is no device id`);
    }
    if (asked.capabilities?.iotEdge) notImplemented('IoT Edge devices');
    const status = asked.status ?? before?.status ?? 'enabled';
    if (status !== 'enabled' && status !== 'disabled') refuse(400, 'ArgumentInvalid', `status ${status}`);
    return identities.put({
      deviceId,
      generationId: before?.generationId ?? String(clock()),
      etag: '',
      status,
      statusReason: asked.statusReason ?? null,
      statusUpdatedTime:
        before?.status === status ? before.statusUpdatedTime : new Date(clock()).toISOString(),
      authentication: authenticationOf(asked.authentication, before?.authentication),
      capabilities: { iotEdge: false },
    });
  }

  async function remove(deviceId: string, etag: string | undefined): Promise<void> {
    checkEtag(known(deviceId), etag ?? '*');
    identities.delete(deviceId);
    await forget(deviceId);
  }

  async function bulk(asked: unknown): Promise<Answer> {
    if (!Array.isArray(asked) || asked.length === 0 || asked.length > MAX_BULK) {
      return refuse(400, 'ArgumentInvalid', `an array of 1 to ${MAX_BULK} devices`);
    }
    const errors: { deviceId: string; errorCode: string; errorStatus: string }[] = [];
    const removed: string[] = [];
    identities.together(() => {
      for (const each of asked as AskedInBulk[]) {
        try {
          if (bulkOne(each) === 'removed') removed.push(each.id);
        } catch (error) {
          if (!(error instanceof Refused)) throw error;
          errors.push({ deviceId: each.id, errorCode: error.code, errorStatus: error.message });
        }
      }
    });
    for (const deviceId of removed) await forget(deviceId);
    return {
      status: errors.length === 0 ? 200 : 400,
      body: { isSuccessful: errors.length === 0, errors, warnings: [] },
    };
  }

  function bulkOne(each: AskedInBulk): 'put' | 'removed' {
    const mode = each.importMode?.toLowerCase();
    if (mode === 'create') put(each.id, each, undefined);
    else if (mode === 'update') put(each.id, each, '*');
    else if (mode === 'updateifmatchetag') put(each.id, each, each.eTag ?? '');
    else if (mode === 'delete' || mode === 'deleteifmatchetag') {
      checkEtag(known(each.id), mode === 'delete' ? '*' : (each.eTag ?? ''));
      identities.delete(each.id);
      return 'removed';
    } else notImplemented(`import mode ${each.importMode}`);
    return 'put';
  }

  return {
    get: (deviceId: string) => answer(known(deviceId)),
    put: (deviceId: string, asked: AskedIdentity, header: string | undefined) =>
      answer(put(deviceId, asked, ifMatch(header))),
    delete: async (deviceId: string, header: string | undefined): Promise<Answer> => {
      await remove(deviceId, ifMatch(header));
      return { status: 204 };
    },
    list: async (top: string | null): Promise<Answer> => {
      const limit = Math.min(Number(top ?? MAX_LISTED) || MAX_LISTED, MAX_LISTED);
      return { status: 200, body: await Promise.all(identities.list(limit).map(described)) };
    },
    bulk,
    statistics: (): Answer => {
      const { total, enabled } = identities.count();
      return {
        status: 200,
        body: { totalDeviceCount: total, enabledDeviceCount: enabled, disabledDeviceCount: total - enabled },
      };
    },
    known,
  };
}

export interface AskedIdentity {
  status?: string;
  statusReason?: string | null;
  authentication?: {
    type?: string;
    symmetricKey?: { primaryKey?: string | null; secondaryKey?: string | null };
    x509Thumbprint?: { primaryThumbprint?: string | null; secondaryThumbprint?: string | null };
  };
  capabilities?: { iotEdge?: boolean };
}

interface AskedInBulk extends AskedIdentity {
  id: string;
  importMode?: string;
  eTag?: string;
}

function checkEtag(identity: Identity, etag: string): void {
  if (etag !== '*' && etag !== identity.etag) {
    refuse(412, 'PreconditionFailed', `${identity.deviceId} has another etag`);
  }
}

function authenticationOf(
  asked: AskedIdentity['authentication'],
  before: IdentityAuthentication | undefined,
): IdentityAuthentication {
  const type = asked?.type ?? before?.type ?? 'sas';
  const noKey = { primaryKey: null, secondaryKey: null };
  const noThumbprint = { primaryThumbprint: null, secondaryThumbprint: null };
  if (type === 'selfSigned') {
    const thumbprint = (text: string | null | undefined) => {
      if (text && !/^(?:[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$/.test(text)) {
        refuse(400, 'ArgumentInvalid', `${text} is no thumbprint`);
      }
      return text?.toUpperCase() || null;
    };
    const x509Thumbprint = {
      primaryThumbprint: thumbprint(asked?.x509Thumbprint?.primaryThumbprint),
      secondaryThumbprint: thumbprint(asked?.x509Thumbprint?.secondaryThumbprint),
    };
    if (!x509Thumbprint.primaryThumbprint && !x509Thumbprint.secondaryThumbprint) {
      refuse(400, 'ArgumentInvalid', 'a self-signed device needs a thumbprint');
    }
    return { type, symmetricKey: noKey, x509Thumbprint };
  }
  if (type !== 'sas') return notImplemented(`authentication ${type}`);
  const { primaryKey, secondaryKey } = asked?.symmetricKey ?? {};
  if (Boolean(primaryKey) !== Boolean(secondaryKey)) {
    refuse(400, 'ArgumentInvalid', 'both keys or none');
  }
  for (const key of [primaryKey, secondaryKey]) {
    const bytes = key ? Buffer.from(key, 'base64').length : 32;
    if (bytes < 16 || bytes > 64) refuse(400, 'ArgumentInvalid', 'a key is base64 of 16 to 64 bytes');
  }
  const random = () => randomBytes(32).toString('base64');
  const symmetricKey = { primaryKey: primaryKey || random(), secondaryKey: secondaryKey || random() };
  return { type, symmetricKey, x509Thumbprint: noThumbprint };
}
