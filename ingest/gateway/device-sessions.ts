import type { DeviceHub, MethodAnswer, MethodCall } from '#domain/devices/device-hub.ts';
import { deviceMessageLimits } from '#domain/devices/device-message.ts';
import type { DeviceState } from '#domain/devices/device-state.ts';
import { changed, difference, isFault, type JsonObject, type Twin } from '#domain/devices/twin.ts';
import type { Instant } from '#domain/instant.ts';
import type { HubSession } from './hub-session.ts';

/** The devices that are connected now, and what the office does with them and with those that are away. */
export interface DeviceSessions {
  hub: DeviceHub;
  state: DeviceState;
  /** A newer session of a device takes the place of an older one. */
  began(session: HubSession): void;
  /** It listens to more than before. */
  listens(session: HubSession): void;
  ended(session: HubSession): void;
}

const methodName = /^[\w.$:-]{1,100}$/;
const MAX_METHOD_BYTES = 128 * 1024;

export function deviceSessions(state: DeviceState, clock: () => Instant): DeviceSessions {
  const sessions = new Map<string, HubSession>();
  /** Method calls that wait for a device to come, by device. */
  const waiting = new Map<string, Set<() => void>>();

  function wake(deviceId: string): void {
    for (const call of waiting.get(deviceId) ?? []) call();
  }

  /** The device's session once it answers methods; undefined when that takes longer. */
  async function ready(deviceId: string, withinMs: number): Promise<HubSession | undefined> {
    const now = () => {
      const session = sessions.get(deviceId);
      return session?.answersMethods() ? session : undefined;
    };
    const session = now();
    if (session || withinMs <= 0) return session;
    return await new Promise((resolve) => {
      const finish = (found: HubSession | undefined) => {
        clearTimeout(timer);
        calls.delete(look);
        if (calls.size === 0) waiting.delete(deviceId);
        resolve(found);
      };
      const look = () => {
        const found = now();
        if (found) finish(found);
      };
      const timer = setTimeout(() => finish(undefined), withinMs);
      const calls = waiting.get(deviceId) ?? new Set();
      waiting.set(deviceId, calls.add(look));
    });
  }

  async function callMethod(deviceId: string, call: MethodCall): Promise<MethodAnswer> {
    const payload = JSON.stringify(call.payload ?? null);
    if (!methodName.test(call.method)) return { type: 'bad-call', detail: `${call.method} names no method` };
    if (Buffer.byteLength(payload) > MAX_METHOD_BYTES) return { type: 'bad-call', detail: 'over 128 KiB' };
    const session = await ready(deviceId, call.connectTimeoutMs);
    return session ? session.call(call.method, payload, call.responseTimeoutMs) : { type: 'offline' };
  }

  const hub: DeviceHub = {
    isConnected: async (deviceId) => sessions.has(deviceId),
    twin: (deviceId) => state.twin(deviceId),
    changeTwin: async (deviceId, change) => {
      let before: JsonObject = {};
      const apply = (twin: Twin) => {
        before = twin.desired.values;
        return changed(twin, change, clock());
      };
      const after = await state.changeTwin(deviceId, apply, { durable: true });
      if (!isFault(after) && change.desired) {
        const patch = change.type === 'patch' ? change.desired : difference(before, after.desired.values);
        sessions.get(deviceId)?.tellDesired(patch, after.desired.version);
      }
      return after;
    },
    callMethod,
    send: async (deviceId, { body, properties, ttlMs }) => {
      if (body.length > deviceMessageLimits.bodyBytes) return 'too-large';
      const enqueuedAt = clock();
      const expiresAt = enqueuedAt + Math.min(ttlMs, deviceMessageLimits.maxTtlMs);
      const queued = await state.enqueue({ deviceId, body, properties, enqueuedAt, expiresAt });
      sessions.get(deviceId)?.deliver();
      return queued;
    },
    waitingMessages: (deviceId) => state.waitingMessages(deviceId, clock()),
    purgeMessages: (deviceId) => state.purgeMessages(deviceId),
  };

  return {
    hub,
    state,
    began: (session) => {
      sessions.get(session.deviceId)?.end();
      sessions.set(session.deviceId, session);
      session.deliver();
      wake(session.deviceId);
    },
    listens: (session) => {
      session.deliver();
      wake(session.deviceId);
    },
    ended: (session) => {
      session.end();
      if (sessions.get(session.deviceId) === session) sessions.delete(session.deviceId);
    },
  };
}
