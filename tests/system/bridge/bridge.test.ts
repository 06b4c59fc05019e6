import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt from 'mqtt';
import { expect, test } from 'vitest';
import { processedToEnd } from '#apps/city-state.ts';
import { readConfig } from '#apps/config.ts';
import { openCity } from '#apps/data-directory.ts';
import { formatInstant, MINUTE_MS } from '#domain/instant.ts';
import { temporaryDirectory } from '../gateway/temporary-directory.ts';
import { firstMinute, laneOf, minuteOf } from '../recovery/load-reading.ts';
import { sensor } from '../recovery/run-pipeline.ts';
import { localServices } from '../scale-out/local-services.ts';
import type { Remembered } from '../scale-out/remembering-load.ts';
import { startRole } from '../scale-out/role-process.ts';
import { judge } from '../scale-out/verdict.ts';
import { cable, startMosquitto } from './mosquitto.ts';

test('what a city’s own mosquitto has acknowledged is counted once, though cables are pulled on both sides and the bridge is killed', async (context) => {
  const directory = await temporaryDirectory(context);
  const mosquitto = await startMosquitto(context, directory);
  context.onTestFinished(mosquitto.stop);
  const line = await cable(mosquitto.port);
  context.onTestFinished(line.close);
  const services = await localServices(directory, 2);
  context.onTestFinished(services.close);
  const settings = {
    ...services.settings,
    HEADWAY_BALANCE_INTERVAL_S: '1',
    HEADWAY_BALANCE_EXPIRY_S: '5',
    HEADWAY_BRIDGE_URL: `mqtt://127.0.0.1:${line.port}`,
    HEADWAY_BRIDGE_DEVICE_OF: 'junctions/{device}/loops',
    HEADWAY_BRIDGE_TOPICS: 'junctions/#',
    HEADWAY_BRIDGE_SHARE: 'headway',
  };
  mkdirSync(join(directory, 'own'));
  const data = await openCity(join(directory, 'own'), readConfig(undefined, settings));
  context.onTestFinished(data.close);
  await data.setCity({ name: 'Testbury', timezone: 'UTC' });
  const devices = ['j-1', 'j-2', 'j-3'].map(
    (deviceId): Remembered => ({ deviceId, sent: 0, waiting: new Set() }),
  );
  await data.registry.change(devices.flatMap(({ deviceId }) => sensor(deviceId)));

  let bridge = await startRole('bridge', directory, settings);
  context.onTestFinished(() => bridge.kill());
  const processor = await startRole('processor', directory, settings);
  context.onTestFinished(() => processor.kill());

  const first = firstMinute(Date.now());
  const city = await mqtt.connectAsync(`mqtt://127.0.0.1:${mosquitto.port}`);
  const publish = async (record: Remembered): Promise<void> => {
    const n = record.sent++;
    record.waiting.add(n);
    const observedAt = formatInstant(minuteOf(n, first) * MINUTE_MS);
    const reading = { kind: 'traffic-flow', observedAt, periodS: 60, lane: laneOf(n), count: n % 50 };
    await city.publishAsync(`junctions/${record.deviceId}/loops`, JSON.stringify(reading), { qos: 1 });
    record.waiting.delete(n);
  };
  const send = async (seconds: number): Promise<void> => {
    for (const end = Date.now() + 1_000 * seconds; Date.now() < end; await sleep(4))
      await Promise.all(devices.map(publish));
  };

  const sending = send(6);
  await sleep(800);
  line.deafen();
  await sleep(400);
  line.pull();
  await sleep(700);
  line.mend();
  await sleep(1_000);
  await services.stop('Event Hubs');
  await sleep(1_000);
  await services.start('Event Hubs');
  await sleep(1_500);
  await bridge.kill();
  const killed = bridge.said();
  bridge = await startRole('bridge', directory, settings);
  await sending;
  await city.publishAsync('junctions/j-1', 'no device here', { qos: 1 });
  await city.publishAsync('junctions/j-1/loops', Buffer.alloc(300_000, 'x'), { qos: 1 });

  const sent = devices.reduce((n, record) => n + record.sent, 0);
  await expect.poll(counted, { timeout: 60_000, interval: 200 }).toBe(sent);
  expect(await bridge.drain(), bridge.said()).toBe(0);
  const log = (await data.readLog())!;
  await processedToEnd(data, log);
  await log.close();
  expect(await processor.drain(), processor.said()).toBe(0);

  const verdict = await judge(join(directory, 'own'), settings, devices, first);
  expect(verdict.faults).toEqual([]);
  expect(verdict).toMatchObject({ sent, acknowledged: sent, counted: sent });
  // What was in the log, its acknowledgement lost with the cable, came again.
  expect(verdict.duplicate).toBeGreaterThan(0);
  expect(await refusals()).toEqual({ 'topic-without-device': 1, 'too-large': 1 });
  expect(killed).toContain('no connection to the broker');

  async function counted(): Promise<number> {
    return (await data.ledgerTotals()).find(({ outcome }) => outcome === 'counted')?.readings ?? 0;
  }

  async function refusals(): Promise<Record<string, number>> {
    const source = await data.snapshot();
    const found: Record<string, number> = {};
    for await (const { reason, refused } of source.door()) found[reason] = (found[reason] ?? 0) + refused;
    await source.close();
    return found;
  }
}, 240_000);
