import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatInstant, MINUTE_MS } from '#domain/instant.ts';
import { LIVE, type LogEntry } from '#domain/log.ts';
import { ALWAYS, type NewRegistryChange } from '#domain/registry/registry.ts';
import { openSegmentLog } from '#infra/log/open-segment-log.ts';
import { openDatabase } from '#infra/sqlite/database.ts';
import { sqliteRegistry } from '#infra/sqlite/registry.ts';
import { sqliteStore } from '#infra/sqlite/store.ts';
import { admission, usualClockBounds } from '#processing/admission.ts';
import { processor, usualClosing } from '#processing/processor.ts';
import { runPartition } from '#processing/runner.ts';
import type { BenchRow } from './bench-row.ts';

const DEVICES = 10_000;
const MINUTES = 100;
const START = Date.UTC(2026, 2, 2);

/** Readings a second of CPU from the segment log to committed windows: 10,000 sensors, one reading a message. */
export async function benchProcessing(): Promise<BenchRow[]> {
  const directory = mkdtempSync(join(tmpdir(), 'headway-bench-'));
  try {
    const db = openDatabase(join(directory, 'store.db'), { durable: false });
    const registry = sqliteRegistry(db, Date.now);
    await registry.change(registered());
    const log = await openSegmentLog({ directory: join(directory, 'log'), partitions: 1 });
    for (let minute = 0; minute < MINUTES; minute++) await log.append(minuteOf(minute));
    const total = DEVICES * MINUTES;

    const stop = new AbortController();
    const before = process.cpuUsage();
    const started = performance.now();
    let committed = 0;
    await runPartition(
      {
        log,
        store: sqliteStore(db),
        registry,
        admission: admission(usualClockBounds, () => 0),
        processor: processor(usualClosing),
        partition: 0,
        nowMs: () => performance.now(),
        commitEveryMs: 1_000,
        commitEveryReadings: 250_000,
        onCommit: ({ readings }) => {
          committed += readings;
          if (committed >= total) stop.abort();
        },
      },
      stop.signal,
    );
    const used = process.cpuUsage(before);
    const seconds = (performance.now() - started) / 1_000;
    const cpuSeconds = (used.user + used.system) / 1e6;
    await log.close();
    db.close();
    return [
      {
        name: 'processing from the log',
        value: total / cpuSeconds,
        unit: 'readings/s a core',
        atLeast: 400_000,
      },
      { name: 'processing from the log, by the clock', value: total / seconds, unit: 'readings/s' },
      {
        name: `memory with ${DEVICES.toLocaleString('en-GB')} sensors`,
        value: process.memoryUsage().rss / 1024 / 1024,
        unit: 'MB',
        atMost: 600,
      },
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function registered(): NewRegistryChange[] {
  const changes: NewRegistryChange[] = [];
  for (let i = 0; i < DEVICES; i++) {
    const deviceId = deviceName(i);
    const siteId = `site-${i}`;
    changes.push(
      { kind: 'site', id: siteId, validFrom: ALWAYS, body: { siteId } },
      {
        kind: 'device',
        id: deviceId,
        validFrom: ALWAYS,
        body: { deviceId, domain: LIVE, role: 'sensor', key: 'aw==' },
      },
      { kind: 'installation', id: deviceId, validFrom: ALWAYS, body: { deviceId, siteId, periodS: 60 } },
    );
  }
  return changes;
}

function deviceName(i: number): string {
  return `loop-${String(i).padStart(5, '0')}`;
}

function minuteOf(minute: number): LogEntry[] {
  const observedAt = START + minute * MINUTE_MS;
  const text = formatInstant(observedAt);
  return Array.from({ length: DEVICES }, (_, i) => ({
    type: 'telemetry',
    deviceId: deviceName(i),
    receivedAt: observedAt + MINUTE_MS + (i % 1_000),
    domain: LIVE,
    payload: Buffer.from(
      `{"kind":"traffic-flow","observedAt":"${text}","periodS":60,"count":${(i + minute) % 40},"speedKmh":${60 + ((i * 7 + minute) % 500) / 10},"occupancy":0.0${10 + (i % 80)},"seq":${minute}}`,
    ),
  }));
}

if (import.meta.main) console.table(await benchProcessing());
