import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { processedToEnd } from '#apps/city-state.ts';
import { readConfig } from '#apps/config.ts';
import { openCity } from '#apps/data-directory.ts';
import { refreshLake } from '#apps/lake-session.ts';
import { ledgerSum } from '#apps/ledger-sum.ts';
import { formatInstant, MINUTE_MS } from '#domain/instant.ts';
import { sendAs } from '../cli/test-city.ts';
import { temporaryDirectory } from '../gateway/temporary-directory.ts';
import { keyOf, sensor } from '../recovery/run-pipeline.ts';
import { localServices } from './local-services.ts';
import { clockAhead, startRole } from './role-process.ts';
import { scaledOutCity } from './scaled-out-city.ts';

const EXPIRY_S = 3;

test('processors whose hosts’ clocks are ten minutes apart each way share, take over and count as if they were right', async (context) => {
  const city = await scaledOutCity({
    directory: await temporaryDirectory(context),
    processors: 2,
    intervalS: 0.5,
    expiryS: EXPIRY_S,
    clocksAheadMs: [10 * MINUTE_MS, -10 * MINUTE_MS],
  });
  context.onTestFinished(() => city.close());
  const { owners, processors } = city;
  let ahead: number[] = [];
  let behind: number[] = [];
  for (const end = Date.now() + 60_000; ahead.length !== 4 || behind.length !== 4; await sleep(100)) {
    [ahead, behind] = (await Promise.all(processors.map(({ pid }) => owners.of(pid)))) as [
      number[],
      number[],
    ];
    if (Date.now() > end) throw new Error(`not shared: ${ahead.length} and ${behind.length}`);
  }

  const since = await owners.generations();
  const from = performance.now();
  await processors[0]!.kill();
  // A comparison of the two clocks would be ten minutes off, and never or at once; the rest is what a busy machine takes.
  const ms = await owners.changed(ahead, since, from, 30_000);
  expect(ms).toBeGreaterThan((EXPIRY_S - 1) * 1_000);
  const { faults, acknowledged, counted, countedInFlight } = await city.finish();
  expect(faults).toEqual([]);
  expect(acknowledged).toBeGreaterThan(100);
  expect(counted).toBe(acknowledged + countedInFlight);
}, 240_000);

test('a gateway whose host’s clock is wrong is named; one that is behind has its readings quarantined', async (context) => {
  const directory = await temporaryDirectory(context);
  const services = await localServices(directory, 2);
  context.onTestFinished(services.close);
  const settings = {
    ...services.settings,
    HEADWAY_BALANCE_INTERVAL_S: '0.2',
    HEADWAY_PROCESSING_COMMIT_EVERY_MS: '100',
    HEADWAY_GATEWAY_MQTT_PORT: '0',
    HEADWAY_GATEWAY_MQTTS_PORT: '0',
  };
  const data = await openCity(join(directory, 'own'), readConfig(undefined, settings));
  context.onTestFinished(data.close);
  await data.setCity({ name: 'Testbury', timezone: 'UTC' });
  // On partitions of their own, so that each is read, and named, for itself.
  const [early, late] = ['loop-1', 'loop-2'] as const;
  await data.registry.change([early, late].flatMap(sensor));
  const clocks = { [early]: 5 * MINUTE_MS, [late]: -5 * MINUTE_MS };
  const [processor, ...gateways] = await Promise.all([
    startRole('processor', directory, settings),
    ...Object.entries(clocks).map(([deviceId, ms]) =>
      startRole('gateway', join(directory, deviceId), { ...settings, ...clockAhead(ms) }),
    ),
  ]);
  context.onTestFinished(async () => {
    for (const one of [processor, ...gateways]) await one!.kill();
  });
  const observedAt = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  for (const [i, deviceId] of [early, late].entries()) {
    const payloads = [0, 1, 2].map((minute) => ({
      kind: 'traffic-flow',
      observedAt: formatInstant(observedAt - minute * MINUTE_MS),
      periodS: 60,
      count: 7,
    }));
    await sendAs(deviceId, keyOf(deviceId), gateways[i]!.mqttPort(), payloads);
  }
  const log = (await data.readLog())!;
  await processedToEnd(data, log);
  await log.close();
  await refreshLake(data);
  // Received at 08:00 by a clock that says 07:55: observed at 07:58 to 08:00 is ahead of it by more than a minute.
  expect(await ledgerSum(data)).toMatchObject({ received: 6, counted: 3, reasons: { ahead: 3 } });
  expect(processor!.said()).toMatch(/a gateway’s clock does not agree with that of hub headway/);
  expect(processor!.said()).toMatch(/what loop-1 sent was received (299|30\d) s after the hub took it/);
  expect(processor!.said()).toMatch(/what loop-2 sent was received (299|30\d) s before the hub took it/);
}, 120_000);
