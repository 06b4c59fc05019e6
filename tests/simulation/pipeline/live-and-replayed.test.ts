import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { DataDirectory } from '#apps/data-directory.ts';
import { lakeSession } from '#apps/lake-session.ts';
import { startPipeline } from '#apps/pipeline.ts';
import type { City } from '#device-sim/city/city.ts';
import { simulatedCity } from '#device-sim/city/simulated-city.ts';
import type { Fault } from '#device-sim/faults/fault.ts';
import { plantedFaults } from '#device-sim/faults/planted-faults.ts';
import type { LiveClock } from '#device-sim/live/live-clock.ts';
import { runLiveSensors } from '#device-sim/live/run-live-sensors.ts';
import { deviceMessages } from '#device-sim/messages/device-messages.ts';
import { DAY_MS, HOUR_MS, hourOf } from '#domain/instant.ts';
import { LIVE } from '#domain/log.ts';
import type { PublishableMessage } from '#ingest/recordings/publish-recording.ts';
import { canonicalLines, differing, registerCity, sendRecording } from './recorded-city.ts';
import { quickConfig, temporaryCity } from './simulated-past.ts';

const city = simulatedCity({ seed: 4, sensors: 50 });
/** Three hours that ended long enough ago for the live city to have closed their last windows. */
const to = hourOf(Date.now()) - HOUR_MS;
const from = to - 3 * HOUR_MS;
/** A clock an hour slow in the first hour says it is earlier than `from`: at any hour of the day, nothing is rejected. */
const installedFrom = from - DAY_MS;

test('hours that were lived through and the same hours replayed come to the same figures', async () => {
  const lived = cityDirectory(city);
  await registerCity(lived, city, installedFrom, LIVE);
  await live(lived, faultsOf(city));
  const { lines } = await canonicalLines(lived);
  const outcomes = lines.flatMap((line) => /"outcome":"(\w+)"/.exec(line)?.[1] ?? []);
  expect(new Set(outcomes)).toEqual(new Set(['counted', 'duplicate', 'restated', 'quarantined']));
  expect(lines.length).toBeGreaterThan(1_500);

  const replayed = cityDirectory(city);
  await registerCity(replayed, city, installedFrom);
  await sendRecording(replayed, await archivedMessages(lived));
  expect(differing(lines, (await canonicalLines(replayed)).lines)).toEqual([]);
});

/** Each sensor a client of its own, hurrying through [from, to) as after an outage; until every window is closed. */
async function live(data: DataDirectory, faults: readonly Fault[]): Promise<void> {
  const pipeline = await startPipeline(quickConfig(), data, { ephemeral: true });
  const stop = new AbortController();
  let arrived = 0;
  try {
    const running = runLiveSensors({
      city,
      host: '127.0.0.1',
      port: pipeline.gateway.port,
      clock: hurryingClock(),
      signal: stop.signal,
      from,
      faults,
      onEvent: (_, event) => {
        if (event === 'acknowledged') arrived++;
      },
    });
    const messages = messagesBeforeEnd(faults);
    for (const end = Date.now() + 60_000; arrived < messages && Date.now() < end; ) await sleep(100);
    stop.abort();
    const { sent, acknowledged, dropped } = await running;
    expect({ sent, acknowledged, dropped }).toEqual({ sent: messages, acknowledged: messages, dropped: 0 });
    await pipeline.processed();
    const published = data.db.prepare(
      "SELECT (SELECT sum(readings) FROM ledger WHERE outcome = 'counted') - (SELECT sum(json_extract(figures, '$[0]')) FROM windows) AS open",
    );
    const open = () => (published.get() as { open: number }).open;
    for (const end = Date.now() + 20_000; open() !== 0 && Date.now() < end; ) await sleep(100);
    expect(open(), 'readings in windows not yet closed').toBe(0);
  } finally {
    stop.abort();
    await pipeline.stop();
  }
}

function messagesBeforeEnd(faults: readonly Fault[]): number {
  let n = 0;
  for (const { receivedAt } of deviceMessages(city, { from, to: Number.POSITIVE_INFINITY, faults })) {
    if (receivedAt >= to) return n;
    n++;
  }
  return n;
}

/** No time passes before `to`; afterwards none ever does. */
function hurryingClock(): LiveClock {
  return {
    now: () => to,
    sleepUntil: (at, signal) =>
      at < to
        ? new Promise(setImmediate)
        : new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
  };
}

function faultsOf(someCity: City): Fault[] {
  const planted = plantedFaults(someCity, { from, to });
  const ill = new Set(planted.flatMap((f) => f.deviceIds));
  const { deviceId } = someCity.sensors.find((s) => !ill.has(s.deviceId))!;
  const tomorrow = { faultId: 'ahead', kind: 'clock-hour' as const, clockOffsetS: DAY_MS / 1_000 };
  return [...planted, { ...tomorrow, deviceIds: [deviceId], from: from + HOUR_MS, to }];
}

/** Every message of the archive, byte for byte, in the order of the log. */
async function archivedMessages(data: DataDirectory): Promise<PublishableMessage[]> {
  const lake = await lakeSession(data);
  const archive = await lake.runAndReadAll(
    `SELECT device_id, epoch_ms(received_at)::DOUBLE AS received_at, decode(payload) AS payload
     FROM archive WHERE type = 'telemetry' ORDER BY partition, position`,
  );
  lake.closeSync();
  return archive.getRowObjectsJS().map((row) => ({
    deviceId: row.device_id as string,
    receivedAt: row.received_at as number,
    payload: row.payload as string,
    readings: 0,
  }));
}

function cityDirectory(someCity: City) {
  const data = temporaryCity(someCity);
  onTestFinished(data.remove);
  return data;
}
