import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { exportLake } from '#analytics/lake/export.ts';
import { seededRandom } from '#device-sim/random.ts';
import { formatInstant, HOUR_MS, type Instant, SECOND_MS } from '#domain/instant.ts';
import { LIVE, type LogEntry } from '#domain/log.ts';
import { ALWAYS, type NewRegistryChange } from '#domain/registry/registry.ts';
import type { Store } from '#domain/store.ts';
import { sealed, type Version } from '#infra/cosmos/document.ts';
import { windowChanges } from '#infra/cosmos/window-documents.ts';
import { openSegmentLog } from '#infra/log/open-segment-log.ts';
import { openDatabase } from '#infra/sqlite/database.ts';
import { sqliteExportSource } from '#infra/sqlite/export-source.ts';
import { sqliteRegistry } from '#infra/sqlite/registry.ts';
import { sqliteStore } from '#infra/sqlite/store.ts';
import { admission, usualClockBounds } from '#processing/admission.ts';
import { processor, usualClosing } from '#processing/processor.ts';
import { runPartition } from '#processing/runner.ts';

/** 2026-03-02T08:00:00Z. */
const START: Instant = Date.UTC(2026, 2, 2, 8);

export interface ScaledLoad {
  kind: 'traffic-flow' | 'vehicle-position';
  devices: number;
  periodS: number;
  hours: number;
  /** Readings in a message. */
  batch: number;
}

/** What one kind of device costs, measured. Bytes are of files as they lie on disk. */
export interface ScaledCosts {
  readings: number;
  wireBytesPerReading: number;
  logBytesPerMessage: number;
  archiveBytesPerReading: number;
  lakeBytesPerReading: number;
  lakeBytesPerWindow: number;
  windowsPerDeviceHour: number;
  /** Window rows written over windows there are: 1 where nothing came late. */
  writesPerWindow: number;
  /** A window as Cosmos DB is given it, its members in it. */
  documentBytes: number;
  ledgerRowsPerDeviceHour: number;
  outcomeBytesPerReading: number;
}

/** Sends a small city through log, processing and lake in `directory`, as the pipeline does, and weighs what it left. */
export async function scaledCity(directory: string, load: ScaledLoad): Promise<ScaledCosts> {
  const { devices, hours } = load;
  const db = openDatabase(join(directory, 'store.db'), { durable: false });
  const registry = sqliteRegistry(db, () => START);
  await registry.change(registered(load));
  const log = await openSegmentLog({ directory: join(directory, 'log'), partitions: 1 });
  let wireBytes = 0;
  let messages = 0;
  let waiting: LogEntry[] = [];
  for (const entries of sent(load)) {
    for (const { payload } of entries) wireBytes += payload.length;
    messages += entries.length;
    waiting.push(...entries);
    if (waiting.length < 2_000) continue;
    await log.append(waiting);
    waiting = [];
  }
  await log.append(waiting);
  await log.append(ends(devices));
  const end = (await log.ends())[0]!;

  const written = { windows: 0, bytes: 0, outcomeBytes: 0 };
  const stop = new AbortController();
  await runPartition(
    {
      log,
      store: weighed(sqliteStore(db), written, end, () => stop.abort()),
      registry,
      admission: admission(usualClockBounds, () => 0),
      processor: processor(usualClosing),
      partition: 0,
      nowMs: () => performance.now(),
      commitEveryMs: 1_000,
      commitEveryReadings: 100_000,
    },
    stop.signal,
  );
  const lake = join(directory, 'lake');
  await exportLake({ directory: lake, log, source: sqliteExportSource(db), registry });
  await log.close();
  const count = (sql: string): number => Number((db.prepare(sql).get() as { n: number }).n);
  const windows = count('SELECT count(*) AS n FROM windows');
  const readings = count("SELECT sum(readings) AS n FROM ledger WHERE outcome = 'counted'");
  const ledgerRows = count('SELECT count(*) AS n FROM ledger');
  db.close();
  return {
    readings,
    wireBytesPerReading: wireBytes / readings,
    logBytesPerMessage: bytesIn(join(directory, 'log')) / messages,
    archiveBytesPerReading: bytesIn(join(lake, 'archive')) / readings,
    lakeBytesPerReading: bytesIn(join(lake, 'readings')) / readings,
    lakeBytesPerWindow: bytesIn(join(lake, 'windows')) / windows,
    windowsPerDeviceHour: windows / devices / hours,
    writesPerWindow: written.windows / windows,
    documentBytes: written.bytes / written.windows,
    ledgerRowsPerDeviceHour: ledgerRows / devices / hours,
    outcomeBytesPerReading: written.outcomeBytes / readings,
  };
}

function weighed(
  real: Store,
  written: { windows: number; bytes: number; outcomeBytes: number },
  end: number,
  onEnd: () => void,
): Store {
  return {
    ...real,
    commit: async (commit) => {
      const windows = [...commit.windows];
      await real.commit({ ...commit, windows });
      written.windows += windows.length;
      for (const change of windowChanges(windows)) written.bytes += documentBytes(change);
      for (const chunk of commit.outcomes) written.outcomeBytes += chunk.bytes.length;
      if (commit.checkpoint.position >= end) onEnd();
    },
  };
}

/** As Cosmos DB is given it the first time. */
function documentBytes({ name, fields, value }: ReturnType<typeof windowChanges>[number]): number {
  const version: Version<unknown> = [1, 1, value(undefined) ?? null];
  return Buffer.byteLength(JSON.stringify({ ...fields, ...sealed(name, 0, [version]) }));
}

function* sent({ kind, devices, periodS, hours, batch }: ScaledLoad): Generator<LogEntry[]> {
  const readingOf = kind === 'traffic-flow' ? flowReading(periodS) : positionReading;
  const steps = (hours * 3_600) / periodS;
  for (let step = 0; step < steps; step += batch) {
    const last = START + Math.min(steps, step + batch) * periodS * SECOND_MS;
    yield Array.from({ length: devices }, (_, device) => {
      const readings = Array.from({ length: Math.min(batch, steps - step) }, (_, i) =>
        readingOf(device, step + i, START + (step + i) * periodS * SECOND_MS),
      );
      return {
        type: 'telemetry',
        deviceId: deviceName(device),
        receivedAt: last + 200 + device,
        domain: LIVE,
        payload: Buffer.from(JSON.stringify(batch === 1 ? readings[0] : readings)),
      };
    });
  }
}

/** What a loop of one lane tells: vehicles, their speed, how long it was covered. */
function flowReading(periodS: number) {
  const random = seededRandom(1, 'flow');
  return (device: number, step: number, observedAt: Instant) => {
    const count = random.int(Math.ceil(periodS / 3));
    const speedKmh = 40 + (device % 40) + random.int(200) / 10;
    return {
      kind: 'traffic-flow',
      observedAt: formatInstant(observedAt),
      periodS,
      lane: 1,
      count,
      ...(count > 0 ? { speedKmh, occupancy: random.int(3_000) / 10_000 } : { occupancy: 0 }),
      seq: step,
    };
  };
}

/** What a bus tells each second on its way, in the fields of Helsinki's HFP. */
function positionReading(device: number, step: number, observedAt: Instant) {
  const along = ((step * 9 + device * 137) % 14_000) / 14_000;
  return {
    kind: 'vehicle-position',
    observedAt: formatInstant(observedAt),
    vehicleId: `18/${700 + device}`,
    event: 'vp',
    lat: round(60.17 + 0.09 * along, 1e6),
    lon: round(24.94 + 0.05 * Math.sin(7 * along + device), 1e6),
    speedKmh: round(18 + 16 * Math.sin(step / 23 + device), 1e2),
    headingDeg: (device * 31 + Math.round(step / 9)) % 360,
    odometerM: step * 9,
    tripId: `2${device % 10}50_20260302_Mo_1_0${7 + (device % 3)}12`,
    routeId: `2${device % 10}50`,
    directionId: device % 2,
    serviceDate: '2026-03-02',
    delayS: (device % 7) * 20 + Math.round(step / 40),
  };
}

function round(value: number, scale: number): number {
  return Math.round(value * scale) / scale;
}

function registered({ kind, devices, periodS }: ScaledLoad): NewRegistryChange[] {
  return Array.from({ length: devices }, (_, i): NewRegistryChange[] => {
    const deviceId = deviceName(i);
    const siteId = `site-${i}`;
    const role = 'sensor' as const;
    return [
      { kind: 'site', id: siteId, validFrom: ALWAYS, body: { siteId } },
      {
        kind: 'device',
        id: deviceId,
        validFrom: ALWAYS,
        body: { deviceId, domain: LIVE, role, key: 'aw==' },
      },
      {
        kind: 'installation',
        id: deviceId,
        validFrom: ALWAYS,
        body: { deviceId, siteId, ...(kind === 'traffic-flow' ? { periodS } : {}) },
      },
    ];
  }).flat();
}

function ends(devices: number): LogEntry[] {
  return Array.from({ length: devices }, (_, i) => ({
    type: 'end',
    deviceId: deviceName(i),
    receivedAt: START + 24 * HOUR_MS,
    domain: LIVE,
    payload: Buffer.alloc(0),
  }));
}

function deviceName(i: number): string {
  return `device-${String(i).padStart(5, '0')}`;
}

function bytesIn(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
