import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { DayBoardings } from '#analytics/transit/live-boardings.ts';
import { openDataDirectory } from '#apps/data-directory.ts';
import { openSession } from '#apps/lake-session.ts';
import { readSummary } from '#apps/live-files.ts';
import { startLiveFollower } from '#apps/live-follower.ts';
import { startPipeline } from '#apps/pipeline.ts';
import { importSimulatedTimetable } from '#apps/simulated-transit.ts';
import { mqttConnection } from '#device-sim/live/mqtt-connection.ts';
import { nativeReadings } from '#device-sim/transit/native-readings.ts';
import { vehicleReports } from '#device-sim/transit/vehicle-reports.ts';
import { HOUR_MS } from '#domain/instant.ts';
import { lineFleet } from '../../bench/line-fleet.ts';
import { testConfig } from '../cli/test-city.ts';
import { keyOf, sensor } from '../recovery/run-pipeline.ts';

const hourBefore = (moment: string) => new Date(Date.parse(moment) - HOUR_MS).toISOString();

it('stop visits can be asked for while their vehicles are under way, beside the timetable', async (context) => {
  const path = await mkdtemp(join(tmpdir(), 'headway-'));
  const data = openDataDirectory(path);
  await data.setCity({ name: 'Lines', timezone: 'UTC' });
  await data.registry.change(sensor('fleet'));
  // The last five minutes, as they would have come while the door was out of reach.
  const to = Date.now() - 1_000;
  const from = to - 300_000;
  const fleet = lineFleet(20, from, to);
  await importSimulatedTimetable(data, fleet.network, fleet.date);
  const config = testConfig();
  const pipeline = await startPipeline(config, data, { ephemeral: true });
  const errors: unknown[] = [];
  const live = startLiveFollower(config, data, 'UTC', (error) => errors.push(error));
  context.onTestFinished(async () => {
    await live.stop();
    await pipeline.stop();
    data.close();
    await rm(path, { recursive: true, force: true });
  });
  const line = await mqttConnection({
    deviceId: 'fleet',
    key: keyOf('fleet'),
    host: '127.0.0.1',
    port: pipeline.gateway.port,
  });
  const reports = [...vehicleReports({ days: fleet.days, seed: 1, from, to, everyS: 1 })];
  const readings = reports
    .filter((r) => r.type === 'position' || r.type === 'counts')
    .flatMap((r) => nativeReadings(r))
    // Each vehicle has a twin whose clock is an hour behind.
    .flatMap((r) => [
      r,
      { ...r, vehicleId: `behind-${r.vehicleId}`, observedAt: hourBefore(String(r.observedAt)) },
    ])
    .map((reading) => JSON.stringify(reading));
  const seen = async () => {
    const db = await openSession(data);
    const rows = (
      await db.runAndReadAll(`SELECT trip_id || '/' || position AS key, epoch_ms(arrival_at)::DOUBLE AS arrival_ms,
        epoch_ms(scheduled_arrival_at)::DOUBLE AS due_ms, is_first, reported_load, boardings, vehicle_id FROM live_stop_visits WHERE arrival_at IS NOT NULL`)
    ).getRowObjectsJS();
    db.closeSync();
    return rows;
  };
  // The follower begins at the end of the log, once it has its timetable: what it missed is sent again, as duplicates.
  let rows: Awaited<ReturnType<typeof seen>> = [];
  let before = -1;
  for (let attempt = 0; attempt < 40 && (rows.length < 30 || rows.length > before); attempt++) {
    before = rows.length;
    for (let i = 0; i < readings.length; i += 500) {
      await line.send(Buffer.from(`[${readings.slice(i, i + 500).join(',')}]`));
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
    rows = await seen();
  }
  await line.close();
  expect(errors).toEqual([]);
  expect(rows.length).toBeGreaterThan(30);
  expect(rows.filter((row) => (row.vehicle_id as string).startsWith('behind'))).toEqual([]);
  const truth = new Map(
    fleet.days
      .day(fleet.date)
      .runs.flatMap((run) =>
        run.visits.map((v) => [`${run.trip.tripId}/${v.position}`, { run, v }] as const),
      ),
  );
  const loads = new Map(
    reports.flatMap((r) =>
      r.type === 'counts' ? [[`${r.run.trip.tripId}/${r.visit.position}`, r.countedLoad] as const] : [],
    ),
  );
  const loaded = rows.filter((row) => row.reported_load !== null);
  expect(loaded.length).toBeGreaterThan(10);
  for (const row of loaded) expect(row.reported_load).toBe(loads.get(row.key as `${string}/${number}`));
  // What the doors counted is on the visit, and in the sum of the day.
  const boarded = new Map(
    reports.flatMap((r) =>
      r.type === 'counts'
        ? [[`${r.run.trip.tripId}/${r.visit.position}`, r.visit.countedBoarded] as const]
        : [],
    ),
  );
  const counted = rows.filter(
    (row) => row.boardings !== null && boarded.has(row.key as `${string}/${number}`),
  );
  expect(counted.length).toBeGreaterThan(10);
  for (const row of counted) expect(row.boardings).toBe(boarded.get(row.key as `${string}/${number}`));
  await expect
    .poll(() => readSummary<DayBoardings[]>(data, 'boardings')?.[0]?.countedVisits ?? 0, { timeout: 20_000 })
    .toBeGreaterThanOrEqual(counted.length);
  let close = 0;
  for (const row of rows) {
    const { run, v } = truth.get(row.key as `${string}/${number}`)!;
    if (Math.abs((row.arrival_ms as number) - v.arrivalAt) <= 2_000) close += 1;
    expect(row.due_ms).toBe(
      fleet.days.day(fleet.date).dayStartAt + run.trip.arrivalS[v.position - 1]! * 1_000,
    );
  }
  // Vehicles that were under way when it began stood at a stop already.
  expect(close / rows.length).toBeGreaterThan(0.8);
});
