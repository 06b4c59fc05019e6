import type { MethodAnswer } from '#domain/devices/device-hub.ts';
import type { DeviceState } from '#domain/devices/device-state.ts';
import {
  isFault,
  type Json,
  type JsonObject,
  reported,
  type Twin,
  type TwinFault,
} from '#domain/devices/twin.ts';
import type { Instant } from '#domain/instant.ts';
import { type HubRequest, hubFilters, hubTopics } from './hub-topics.ts';

/** IoT Hub's side of one device's connection: its twin, its methods, its messages. */
export interface HubSession {
  readonly deviceId: string;
  /** `payload` is read before this returns. */
  request(request: HubRequest, payload: Buffer): void;
  /** The device has acknowledged a message. */
  acknowledged(messageId: number): void;
  /** It listens to more than before, or a message has been queued for it. */
  deliver(): void;
  tellDesired(patch: JsonObject, version: number): void;
  answersMethods(): boolean;
  /** Only while it answers methods. */
  call(method: string, payload: string, timeoutMs: number): Promise<MethodAnswer>;
  /** The connection is gone. */
  end(): void;
}

/** The way to the device. */
export interface HubWire {
  /** The QoS granted for a filter, or undefined where it does not listen there. */
  listens(filter: string): number | undefined;
  /** `messageId` 0: QoS 0. */
  publish(topic: string, payload: Uint8Array, messageId: number): void;
}

/** Twin requests of one connection that wait for the state. */
const REQUESTS_UNDER_WAY = 20;
const METHODS_UNDER_WAY = 10;
/** Messages sent and not acknowledged. */
const MESSAGES_UNDER_WAY = 10;

const errorCodes: Record<number, number> = { 400: 400_004, 412: 412_001, 429: 429_001, 500: 500_001 };

export function hubSession(
  deviceId: string,
  wire: HubWire,
  state: DeviceState,
  clock: () => Instant,
): HubSession {
  const messageFilter = hubFilters.messages(deviceId);
  const calls = new Map<string, (answer: MethodAnswer) => void>();
  /** By the packet's message id, the message's sequence. */
  const underWay = new Map<number, number>();
  let requests = 0;
  let lastCall = 0;
  let lastMessageId = 0;
  /** Messages up to here are sent on this connection. */
  let sentUpTo = 0;
  let delivering = false;
  let deliverAgain = false;
  let ended = false;

  const answer = (status: number, requestId: string, body = '', version?: number) => {
    if (ended || wire.listens(hubFilters.twinAnswers) === undefined) return;
    wire.publish(hubTopics.twinAnswer(status, requestId, version), Buffer.from(body), 0);
  };
  const refuse = (status: number, requestId: string, message: string) =>
    answer(
      status,
      requestId,
      JSON.stringify({ errorCode: errorCodes[status], message, timestampUtc: new Date(clock()) }),
    );

  async function answerTwin(request: Exclude<HubRequest, { type: 'method-answer' }>, payload: Buffer) {
    const { requestId } = request;
    if (requests >= REQUESTS_UNDER_WAY) return refuse(429, requestId, 'too many requests are under way');
    requests++;
    try {
      if (request.type === 'twin-get') {
        answer(200, requestId, twinBody(await state.twin(deviceId)));
        return;
      }
      const patch = parsed(payload);
      if (patch === undefined) return refuse(400, requestId, 'the reported properties are not JSON');
      const change = (twin: Twin) => reported(twin, patch, clock(), request.ifVersion);
      const result = await state.changeTwin(deviceId, change, { durable: false });
      if (isFault(result)) refuse(statusOf(result), requestId, result.detail);
      else answer(204, requestId, '', result.reported.version);
    } catch (error) {
      refuse(500, requestId, `could not reach the twin: ${error instanceof Error ? error.message : error}`);
    } finally {
      requests--;
    }
  }

  function answerCall(requestId: string, status: number, payload: Buffer): void {
    const waiting = calls.get(requestId);
    if (!waiting) return;
    const body = payload.length === 0 ? null : parsed(payload);
    waiting(
      body === undefined
        ? { type: 'bad-answer', detail: 'its answer is not JSON' }
        : { type: 'answered', status, payload: body ?? undefined },
    );
  }

  async function deliver(): Promise<void> {
    deliverAgain = true;
    if (delivering) return;
    delivering = true;
    try {
      while (deliverAgain && !ended) {
        deliverAgain = false;
        const qos = wire.listens(messageFilter);
        const room = MESSAGES_UNDER_WAY - underWay.size;
        if (qos === undefined || room <= 0) break;
        const messages = await state.takeMessages(deviceId, sentUpTo, room, clock());
        for (const { sequence, body, properties } of messages) {
          if (ended) return;
          sentUpTo = sequence;
          const messageId = qos === 0 ? 0 : nextMessageId();
          if (messageId !== 0) underWay.set(messageId, sequence);
          wire.publish(hubTopics.message(deviceId, properties), body, messageId);
          if (messageId === 0) await state.settleMessage(deviceId, sequence);
        }
        if (messages.length === room && qos === 0) deliverAgain = true;
      }
    } catch {
      // The state is not to be had now: what waits is delivered with the next message, or on the next connection.
    } finally {
      delivering = false;
    }
  }

  function nextMessageId(): number {
    do lastMessageId = (lastMessageId % 65_535) + 1;
    while (underWay.has(lastMessageId));
    return lastMessageId;
  }

  return {
    deviceId,
    request: (request, payload) => {
      if (request.type === 'method-answer') answerCall(request.requestId, request.status, payload);
      else void answerTwin(request, payload);
    },
    acknowledged: (messageId) => {
      const sequence = underWay.get(messageId);
      if (sequence === undefined) return;
      underWay.delete(messageId);
      state.settleMessage(deviceId, sequence).then(deliver, () => undefined);
    },
    deliver: () => void deliver(),
    tellDesired: (patch, version) => {
      if (ended || wire.listens(hubFilters.desired) === undefined) return;
      const body = JSON.stringify({ ...patch, $version: version });
      wire.publish(hubTopics.desired(version), Buffer.from(body), 0);
    },
    answersMethods: () => !ended && wire.listens(hubFilters.methods) !== undefined,
    call: (method, payload, timeoutMs) => {
      if (calls.size >= METHODS_UNDER_WAY) return Promise.resolve({ type: 'busy' });
      const requestId = String(++lastCall);
      return new Promise((resolve) => {
        const timer = setTimeout(() => finish({ type: 'timeout' }), timeoutMs);
        const finish = (result: MethodAnswer) => {
          clearTimeout(timer);
          calls.delete(requestId);
          resolve(result);
        };
        calls.set(requestId, finish);
        wire.publish(hubTopics.method(method, requestId), Buffer.from(payload), 0);
      });
    },
    end: () => {
      ended = true;
      for (const finish of calls.values()) finish({ type: 'lost' });
    },
  };
}

function twinBody({ desired, reported: own }: Twin): string {
  return JSON.stringify({
    desired: { ...desired.values, $version: desired.version },
    reported: { ...own.values, $version: own.version },
  });
}

function statusOf({ fault }: TwinFault): number {
  return fault === 'version' || fault === 'etag' ? 412 : 400;
}

function parsed(payload: Buffer): Json | undefined {
  try {
    return JSON.parse(payload.toString('utf8')) as Json;
  } catch {
    return undefined;
  }
}
