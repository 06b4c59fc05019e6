import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { formatInstant, MINUTE_MS } from '#domain/instant.ts';
import { LIVE, type LogEntry } from '#domain/log.ts';
import { ALWAYS, type NewRegistryChange } from '#domain/registry/registry.ts';
import { openSegmentLog } from '#infra/log/open-segment-log.ts';
import { openDatabase } from '#infra/sqlite/database.ts';
import { sqliteRegistry } from '#infra/sqlite/registry.ts';
import type { Bench } from './bench-row.ts';
import type { ProcessingFigures } from './processing-process.ts';

const DEVICES = 10_000;
const START = Date.UTC(2026, 2, 2);

/** From the segment log to committed windows: 10,000 sensors, a reading a minute, one a message. */
export const processing: Bench = {
  name: 'processing',
  run: async (scale) => {
    const directory = mkdtempSync(join(process.cwd(), '.headway-bench-'));
    try {
      const minutes = scale === 'full' ? 240 : 20;
      await record(directory, minutes);
      const readings = DEVICES * minutes;
      const { stdout } = await promisify(execFile)(process.execPath, [
        '--expose-gc',
        // As the pipeline's worker has it (apps/processing-thread.ts).
        '--max-semi-space-size=8',
        '--v8-pool-size=1',
        '--max-old-space-size=1900',
        fileURLToPath(new URL('./processing-process.ts', import.meta.url)),
        directory,
        String(readings),
      ]);
      const figures = JSON.parse(stdout) as ProcessingFigures;
      const sensors = `${DEVICES.toLocaleString('en-GB')} sensors`;
      return [
        {
          name: 'processing from the log',
          value: figures.readings / figures.cpuS,
          unit: 'readings/s a core',
          atLeast: 400_000,
        },
        {
          name: 'processing from the log, by the clock',
          value: figures.readings / figures.seconds,
          unit: 'readings/s',
        },
        { name: `memory with ${sensors}, settled`, value: figures.settledMb, unit: 'MB', atMost: 600 },
        { name: `memory with ${sensors}, at its highest`, value: figures.peakMb, unit: 'MB' },
      ];
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

async function record(directory: string, minutes: number): Promise<void> {
  const db = openDatabase(join(directory, 'store.db'), { durable: false });
  await sqliteRegistry(db, Date.now).change(registered());
  db.close();
  const log = await openSegmentLog({ directory: join(directory, 'log'), partitions: 1 });
  for (let minute = 0; minute < minutes; minute++) await log.append(minuteOf(minute));
  await log.close();
}

function registered(): NewRegistryChange[] {
  const changes: NewRegistryChange[] = [];
  for (let i = 0; i < DEVICES; i++) {
    const deviceId = deviceName(i);
    const siteId = `site-${i}`;
    const device = { deviceId, domain: LIVE, role: 'sensor' as const, key: 'aw==' };
    changes.push(
      { kind: 'site', id: siteId, validFrom: ALWAYS, body: { siteId } },
      { kind: 'device', id: deviceId, validFrom: ALWAYS, body: device },
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
