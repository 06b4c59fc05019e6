import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { LogEntry } from '#domain/log.ts';
import { openDeviceTwins } from '#infra/sqlite/device-twins.ts';
import type { KnownDevice } from '#ingest/gateway/device-directory.ts';
import { type Gateway, startGateway } from '#ingest/gateway/gateway.ts';
import { type PublishableMessage, publishRecording } from '#ingest/recordings/publish-recording.ts';

const key = Buffer.from('a key of the recorder').toString('base64');
const domain = 'recording:week';
const start = Date.parse('2012-03-01T08:00:00Z');

const open: Gateway[] = [];
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close();
});

/** The real door, with a log that remembers what it made durable, after `append` has had its way. */
async function door(append: (entries: readonly LogEntry[]) => Promise<void> = async () => {}) {
  const log: LogEntry[] = [];
  const devices: KnownDevice[] = [
    { deviceId: 'recorder', key, domain, role: 'recorder' },
    ...Array.from({ length: 20 }, (_, i) => ({
      deviceId: `d${i}`,
      key: 'k',
      domain,
      role: 'sensor' as const,
    })),
  ];
  const gateway = await startGateway({
    deviceState: openDeviceTwins(':memory:', Date.now).state,
    log: {
      append: async (entries) => {
        await append(entries);
        log.push(...entries);
      },
    },
    devices: { find: (id) => devices.find((d) => d.deviceId === id) },
    door: { refused: () => {} },
    host: '127.0.0.1',
    port: 0,
    clock: () => Date.now(),
  });
  open.push(gateway);
  return { log, gateway, to: { host: '127.0.0.1', port: gateway.port, recorderId: 'recorder', key } };
}

function* messages(count: number, devices = 20): Generator<PublishableMessage> {
  for (let i = 0; i < count; i++) {
    yield { deviceId: `d${i % devices}`, receivedAt: start + i * 1_000, payload: `[${i},${i}]`, readings: 2 };
  }
}

describe('through the real gateway', () => {
  test('every message is durable once, each device in its order, and then each device ends', async () => {
    const { log, to } = await door();
    const progress: number[] = [];
    const published = await publishRecording({
      ...to,
      messages: messages(5_000),
      onProgress: (sent) => progress.push(sent),
    });
    expect(published).toEqual({ messages: 5_000, readings: 10_000, acknowledged: 5_020, devices: 20 });
    expect(progress.at(-1)).toBe(5_000);
    expect(log).toHaveLength(5_020);
    for (let d = 0; d < 20; d++) {
      const own = log.filter((entry) => entry.deviceId === `d${d}`);
      expect(own.slice(0, -1).map((e) => Buffer.from(e.payload).toString())).toEqual(
        Array.from({ length: 250 }, (_, n) => `[${d + 20 * n},${d + 20 * n}]`),
      );
      expect(own[0]).toMatchObject({ type: 'telemetry', domain, receivedAt: start + d * 1_000 });
      expect(own.at(-1)).toMatchObject({ type: 'end', domain, receivedAt: start + (d + 20 * 249) * 1_000 });
      expect(own.at(-1)!.payload).toHaveLength(0);
    }
  });

  test('a log that is slow holds the sender back: no more than 100 messages a connection are under way', async () => {
    let most = 0;
    let appended = 0;
    let pulled = 0;
    const { to } = await door(async (entries) => {
      await sleep(5);
      appended += entries.length;
    });
    await publishRecording({
      ...to,
      connections: 2,
      end: false,
      messages: (function* () {
        for (const message of messages(2_000)) {
          pulled++;
          most = Math.max(most, pulled - appended);
          yield message;
        }
      })(),
    });
    expect(most).toBeGreaterThan(50);
    expect(most).toBeLessThanOrEqual(2 * 100 + 2);
  });

  test('a large message may be alone under way, and passes', async () => {
    const { log, to } = await door();
    const payload = Buffer.alloc(256 * 1_024, 0x20);
    const big = Array.from({ length: 64 }, (_, i) => ({
      deviceId: 'd1',
      receivedAt: start + i,
      payload,
      readings: 1,
    }));
    await publishRecording({ ...to, messages: big });
    expect(log.reduce((sum, e) => sum + e.payload.length, 0)).toBe(64 * payload.length);
  });

  test('a wrong key, and a port where nobody listens, are said so', async () => {
    const { to, gateway } = await door();
    await expect(publishRecording({ ...to, key: 'bm8=', messages: messages(1) })).rejects.toMatchObject({
      name: 'RecordingFault',
      fact: `the gateway at 127.0.0.1:${gateway.port} refused recorder`,
    });
    await gateway.close();
    await expect(publishRecording({ ...to, messages: messages(1) })).rejects.toMatchObject({
      name: 'RecordingFault',
      fact: `could not reach the gateway at 127.0.0.1:${to.port}`,
      detail: 'nobody listens there',
    });
  });

  test('a device that is not registered to the recording closes the connection, which is an error', async () => {
    const { log, to } = await door();
    const strange = [
      ...messages(50),
      { deviceId: 'stranger', receivedAt: start, payload: '[1]', readings: 1 },
    ];
    await expect(publishRecording({ ...to, messages: strange })).rejects.toMatchObject({
      name: 'RecordingFault',
      fact: expect.stringContaining('closed the connection'),
      detail: expect.stringContaining('stranger'),
    });
    expect(log.filter((entry) => entry.type === 'end')).toEqual([]);
  });

  test('a log that fails is an error too, and nobody waits for ever', async () => {
    let calls = 0;
    const { to } = await door(async () => {
      if (++calls > 3) throw new Error('disk full');
    });
    await expect(publishRecording({ ...to, messages: messages(5_000) })).rejects.toThrow(
      /closed the connection/,
    );
  });

  test('it can be stopped while it waits', async () => {
    const { log, to } = await door();
    const stop = new AbortController();
    const published = publishRecording({ ...to, messages: messages(100), pace: 1, signal: stop.signal });
    setTimeout(() => stop.abort(new Error('the operator pressed Ctrl-C')), 100);
    await expect(published).rejects.toThrow('the operator pressed Ctrl-C');
    expect(log.length).toBeLessThan(5);
  });
});

test('at sixty times real time a message waits until it is due, and one that is overdue goes at once', async () => {
  const { to } = await door();
  const waits: number[] = [];
  let nowMs = 0;
  const at = (seconds: number) => ({
    deviceId: 'd1',
    receivedAt: start + seconds * 1_000,
    payload: '[1]',
    readings: 1,
  });
  await publishRecording({
    ...to,
    messages: [at(0), at(60), at(30), at(600)],
    pace: 60,
    clock: {
      nowMs: () => nowMs,
      sleep: async (ms) => {
        waits.push(ms);
        nowMs += ms;
      },
    },
  });
  expect(waits).toEqual([1_000, 9_000]);
});
