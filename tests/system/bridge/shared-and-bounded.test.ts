import { setTimeout as sleep } from 'node:timers/promises';
import mqtt from 'mqtt';
import { expect, type TestContext, test } from 'vitest';
import { type LogEntry, LogUnavailable } from '#domain/log.ts';
import { startBridge } from '#ingest/bridge/bridge.ts';
import { topicTemplate } from '#ingest/bridge/topic-template.ts';
import { temporaryDirectory } from '../gateway/temporary-directory.ts';
import { startMosquitto } from './mosquitto.ts';

const template = topicTemplate('junctions/{device}/loops');

test('two bridges of one share take every message once between them, and each its part', async (context) => {
  const { url, publish } = await broker(context);
  const logs = [memoryLog(), memoryLog()];
  for (const [i, log] of logs.entries())
    await bridgeTo(context, {
      log,
      url,
      clientId: `bridge-${i}`,
      filters: ['$share/headway/junctions/+/loops'],
    });
  await publish(400);
  await until(() => seen(logs).length >= 400);
  // Long enough for a second copy to come.
  await sleep(300);
  expect(seen(logs).sort((a, b) => a - b)).toEqual(Array.from({ length: 400 }, (_, n) => n));
  for (const { entries } of logs) expect(entries.length).toBeGreaterThan(50);
});

test('while the log takes nothing a bridge holds 4,096 messages and reads no more, even where the broker waits for no acknowledgement', async (context) => {
  const { url, publish } = await broker(context);
  const log = memoryLog();
  const bridge = await bridgeTo(context, { log, url, clientId: 'bridge', filters: ['junctions/+/loops'] });
  log.hold();
  await publish(9_000, 0);
  await until(() => bridge.stats().taken >= 4_096);
  await sleep(500);
  expect(bridge.stats()).toMatchObject({ taken: 4_096, durable: 0 });
  log.release();
  await until(() => bridge.stats().durable > 4_096);
  // QoS 0 is promised by nobody, but its order is.
  const numbers = seen([log]);
  expect(numbers.slice(0, 4_096)).toEqual(Array.from({ length: 4_096 }, (_, n) => n));
  expect(numbers).toEqual([...new Set(numbers)].sort((x, y) => x - y));
});

test('a log that refuses is told, and what it refused comes again', async (context) => {
  const { url, publish } = await broker(context);
  const log = memoryLog();
  const troubles: string[] = [];
  log.refuse(true);
  await bridgeTo(context, { log, url, clientId: 'bridge', filters: ['junctions/+/loops'] }, troubles);
  await publish(20);
  await until(() => troubles.some((text) => text.includes('the log takes nothing')));
  log.refuse(false);
  await until(() => new Set(seen([log])).size >= 20);
  expect(troubles.join('\n')).toMatch(/detail: LogUnavailable: the hub is away\n {2}hint: the broker keeps/);
}, 60_000);

async function broker(context: TestContext) {
  const mosquitto = await startMosquitto(context, await temporaryDirectory(context));
  context.onTestFinished(mosquitto.stop);
  const url = `mqtt://127.0.0.1:${mosquitto.port}`;
  const city = await mqtt.connectAsync(url);
  context.onTestFinished(() => city.endAsync(true));
  return {
    url,
    publish: async (messages: number, qos: 0 | 1 = 1): Promise<void> => {
      for (let n = 0; n < messages; n += 500) {
        const some = Array.from({ length: Math.min(500, messages - n) }, (_, i) => n + i);
        await Promise.all(some.map((m) => city.publishAsync('junctions/j-1/loops', String(m), { qos })));
      }
    },
  };
}

/** Keeps what it is given; while held it answers nobody. */
function memoryLog() {
  const entries: LogEntry[] = [];
  let gate = Promise.resolve();
  let release = (): void => {};
  let refuses = false;
  return {
    entries,
    hold: () => {
      ({ promise: gate, resolve: release } = Promise.withResolvers<void>());
    },
    release: () => release(),
    refuse: (so: boolean) => {
      refuses = so;
    },
    append: async (batch: readonly LogEntry[]): Promise<void> => {
      await gate;
      if (refuses) throw new LogUnavailable('the hub is away');
      entries.push(...batch);
    },
  };
}

type Log = ReturnType<typeof memoryLog>;

const seen = (logs: readonly Log[]): number[] =>
  logs.flatMap(({ entries }) => entries.map(({ payload }) => Number(Buffer.from(payload).toString())));

async function bridgeTo(
  context: TestContext,
  options: { log: Log; url: string; clientId: string; filters: string[] },
  troubles: string[] = [],
) {
  const bridge = await startBridge({
    ...options,
    template,
    clock: Date.now,
    unusable: () => {},
    onTrouble: (message) => troubles.push(message),
  });
  context.onTestFinished(() => {
    options.log.release();
    return bridge.stop();
  });
  return bridge;
}

async function until(what: () => boolean): Promise<void> {
  for (const end = Date.now() + 30_000; !what(); await sleep(20))
    if (Date.now() > end) throw new Error(`never: ${what}`);
}
