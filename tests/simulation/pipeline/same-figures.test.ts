import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { simulatedCity } from '#device-sim/city/simulated-city.ts';
import { plantedFaults } from '#device-sim/faults/planted-faults.ts';
import { type DeviceMessage, deviceMessages } from '#device-sim/messages/device-messages.ts';
import { HOUR_MS } from '#domain/instant.ts';
import { publishRecording } from '#ingest/recordings/publish-recording.ts';
import { runPipeline } from '../../system/recovery/run-pipeline.ts';
import { canonicalLines, differing, recorder, registerCity, sendRecording } from './recorded-city.ts';
import { temporaryCity } from './simulated-past.ts';

const city = simulatedCity({ seed: 2, sensors: 50 });
const from = Date.UTC(2026, 4, 6, 5);
const to = from + 12 * HOUR_MS;
/** As it was recorded: arrays of up to half an hour, with every planted fault. */
const messages = [
  ...deviceMessages(city, { from, to, batchMinutes: 30, faults: plantedFaults(city, { from, to }) }),
];
let recorded: string[];
const made: { remove(): void }[] = [];
const removeAll = (): void => {
  for (const data of made.splice(0)) data.remove();
};

beforeAll(async () => {
  const data = await recordedCity();
  await sendRecording(data, messages);
  recorded = (await canonicalLines(data)).lines;
  removeAll();
});

afterEach(removeAll);

test('a recording has every outcome that devices can bring about, and thousands of windows', () => {
  const outcomes = recorded.flatMap((line) => /"outcome":"(\w+)"/.exec(line)?.[1] ?? []);
  expect(new Set(outcomes)).toEqual(new Set(['counted', 'duplicate', 'restated', 'quarantined']));
  expect(recorded.filter((line) => line.startsWith('{"window":')).length).toBeGreaterThan(4_000);
});

test('small messages on one connection, one partition and no grace come to the same figures', async () => {
  const data = await recordedCity();
  await sendRecording(data, messages.flatMap(inSevens), {
    connections: 1,
    env: { HEADWAY_LOG_PARTITIONS: '1', HEADWAY_PROCESSING_GRACE_S: '0' },
  });
  expect(differing(recorded, (await canonicalLines(data)).lines)).toEqual([]);
});

test('many connections, seven partitions and an hour of grace come to the same figures', async () => {
  const data = await recordedCity();
  await sendRecording(data, messages, {
    connections: 9,
    env: {
      HEADWAY_LOG_PARTITIONS: '7',
      HEADWAY_PROCESSING_GRACE_S: '3600',
      HEADWAY_PROCESSING_COMMIT_EVERY_MS: '20',
    },
  });
  expect(differing(recorded, (await canonicalLines(data)).lines)).toEqual([]);
});

test('a pipeline killed half-way, before it stored anything, comes to the same figures', async () => {
  const data = await recordedCity();
  const first = await runPipeline(data.path, { env: { HEADWAY_PROCESSING_COMMIT_EVERY_MS: '60000' } });
  const halves = eachDevicesHalves();
  await publish(first.port, halves[0], false);
  await first.kill();
  const stored = data.db.prepare('SELECT count(*) AS n FROM window_rows').get();
  expect(stored).toEqual({ n: 0 });
  const second = await runPipeline(data.path);
  await publish(second.port, halves[1], true);
  await second.processed();
  await second.stop();
  expect(differing(recorded, (await canonicalLines(data)).lines)).toEqual([]);
});

test('what is sent again after a crash is named as sent again, and changes no figure', async () => {
  const data = await recordedCity();
  const first = await runPipeline(data.path, { env: { HEADWAY_PROCESSING_COMMIT_EVERY_MS: '50' } });
  let sent = 0;
  const untilKilled = async function* () {
    for (const message of messages) {
      if (++sent === 600) void first.kill();
      if (sent > 600) await sleep(1);
      yield message;
    }
  };
  await expect(
    publishRecording({ messages: untilKilled(), host: '127.0.0.1', port: first.port, ...recorder }),
  ).rejects.toThrow('closed the connection');
  const second = await runPipeline(data.path);
  await publish(second.port, messages, true);
  await second.processed();
  await second.stop();
  const { lines, repeats } = await canonicalLines(data);
  expect(differing(recorded, lines)).toEqual([]);
  expect(repeats.some((r) => r.outcome === 'duplicate' && r.readings > 0)).toBe(true);
});

test('a recording sent a second time is all duplicates, and no window is revised', async () => {
  const data = await recordedCity();
  const windows = () => data.db.prepare('SELECT * FROM windows ORDER BY device_id, start_at, lane').all();
  const outcomes = () =>
    Object.fromEntries(
      data.db
        .prepare(
          "SELECT if(reason = '', outcome, reason) AS name, sum(readings) AS n FROM ledger GROUP BY name",
        )
        .all()
        .map((row) => [row.name, row.n as number]),
    );
  await sendRecording(data, messages);
  const [windowsBefore, before] = [windows(), outcomes()];
  await sendRecording(data, messages);
  expect(windows()).toEqual(windowsBefore);
  const { counted = 0, duplicate = 0, restated = 0, ...refused } = before;
  expect(outcomes()).toEqual({
    counted,
    restated,
    duplicate: 2 * duplicate + counted + restated,
    ...Object.fromEntries(Object.entries(refused).map(([name, n]) => [name, 2 * (n as number)])),
  });
  const { lines } = await canonicalLines(data);
  expect(differing(recorded, lines)).toEqual([]);
});

async function recordedCity() {
  const data = temporaryCity(city);
  made.push(data);
  await registerCity(data, city, from);
  return data;
}

async function publish(port: number, some: readonly DeviceMessage[], end: boolean): Promise<void> {
  await publishRecording({ messages: some, host: '127.0.0.1', port, ...recorder, end });
}

function eachDevicesHalves(): [DeviceMessage[], DeviceMessage[]] {
  const all = new Map<string, number>();
  for (const { deviceId } of messages) all.set(deviceId, (all.get(deviceId) ?? 0) + 1);
  const seen = new Map<string, number>();
  const halves: [DeviceMessage[], DeviceMessage[]] = [[], []];
  for (const message of messages) {
    const n = seen.get(message.deviceId) ?? 0;
    seen.set(message.deviceId, n + 1);
    halves[n < Math.floor(all.get(message.deviceId)! / 2) ? 0 : 1].push(message);
  }
  return halves;
}

/** The same readings, received at the same moments, seven to a message. */
function inSevens(message: DeviceMessage): DeviceMessage[] {
  const readings = JSON.parse(Buffer.from(message.payload).toString()) as unknown[];
  return Array.from({ length: Math.ceil(readings.length / 7) }, (_, i) => {
    const some = readings.slice(7 * i, 7 * i + 7);
    return { ...message, payload: Buffer.from(JSON.stringify(some)), readings: some.length };
  });
}
