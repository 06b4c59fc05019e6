import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { exportLake } from '#analytics/lake/export.ts';
import { manifestFiles, readManifest } from '#analytics/lake/manifest.ts';
import { openLake } from '#analytics/lake/open-lake.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '#domain/instant.ts';
import type { LogBatch } from '#domain/log.ts';
import type { ExportSource } from '#domain/store.ts';
import { sqliteExportSource } from '#infra/sqlite/export-source.ts';
import { flow, registered, type SmallCity, START, smallCity } from '../processing/city.ts';

let city: SmallCity;
let directory: string;
beforeEach(async () => {
  city = smallCity();
  directory = mkdtempSync(join(tmpdir(), 'headway-lake-'));
  await city.register(registered('loop'));
});
afterEach(() => {
  city.close();
  rmSync(directory, { recursive: true, force: true });
});

async function exported(change: (source: ExportSource) => ExportSource = (s) => s) {
  const log = {
    partitions: 1,
    async *read(partition: number, after: number): AsyncGenerator<LogBatch> {
      yield { partition, records: city.records.slice(after + 1), corrupt: [] };
    },
  };
  return exportLake({ directory, log, source: change(sqliteExportSource(city.db)), registry: city.registry });
}

async function ask(sql: string): Promise<Record<string, unknown>[]> {
  const db = await openLake({
    directory,
    registry: await city.registry.view(),
    city: { name: 'X', timezone: 'UTC' },
  });
  const rows = (await db.runAndReadAll(sql)).getRowObjectsJson();
  db.closeSync();
  return rows as Record<string, unknown>[];
}

const end = { type: 'end' } as const;

it('keeps every record verbatim, and every reading with its outcome and its place', async () => {
  city.send('loop', [flow(0), flow(60, { speedKmh: 500 }), flow(0)]);
  city.send('loop', '{broken');
  city.send('loop', flow(0, { observedAt: '2026-03-02t08:02:00z' }));
  city.send('loop', '', end);
  await city.run();
  expect(await exported()).toMatchObject({ records: 4, readings: 5 });
  expect(await ask('SELECT type, decode(payload) AS payload FROM archive ORDER BY position')).toEqual(
    city.records.map((r) => ({ type: r.type, payload: Buffer.from(r.payload).toString() })),
  );
  expect(
    await ask(
      'SELECT position::INT AS p, index, outcome, reason, site_id, count::INT AS count, observed_at IS NULL AS timeless FROM readings ORDER BY 1, 2',
    ),
  ).toEqual([
    { p: 0, index: 0, outcome: 'counted', reason: '', site_id: 'site of loop', count: 10, timeless: false },
    { p: 0, index: 1, outcome: 'rejected', reason: 'impossible', site_id: null, count: 10, timeless: false },
    { p: 0, index: 2, outcome: 'duplicate', reason: '', site_id: 'site of loop', count: 10, timeless: false },
    { p: 1, index: 0, outcome: 'rejected', reason: 'not-json', site_id: null, count: null, timeless: true },
    { p: 2, index: 0, outcome: 'counted', reason: '', site_id: 'site of loop', count: 10, timeless: false },
  ]);
});

it('is the same however often it is run, and grows by what is new', async () => {
  city.send('loop', [flow(0)]);
  city.send('loop', '', end);
  await city.run();
  await exported();
  expect(await exported()).toEqual({ records: 0, readings: 0, days: 0 });
  city.send('loop', [flow(60, { count: 5 })]);
  await city.run();
  await exported();
  expect(await ask('SELECT count(*)::INT AS n FROM archive')).toEqual([{ n: 3 }]);
  expect(await ask('SELECT count(*)::INT AS n FROM readings')).toEqual([{ n: 2 }]);
  expect(await ask('SELECT count::INT AS count, revision, reason FROM windows')).toEqual([
    { count: 15, revision: 1, reason: 'late' },
  ]);
  expect(await ask('SELECT sum(count)::INT AS count FROM hourly')).toEqual([{ count: 15 }]);
});

it('interrupted at any stage leaves the lake that was, and the next run completes it', async () => {
  city.send('loop', [flow(0)]);
  city.send('loop', '', end);
  await city.run();
  await exported();
  const before = await ask('SELECT sum(count)::INT AS c FROM windows');
  city.send('loop', [flow(60)]);
  await city.run();
  const dies = () => {
    throw new Error('killed');
  };
  const stages: ((s: ExportSource) => ExportSource)[] = [
    (s) => ({ ...s, readmissions: dies }),
    (s) => ({ ...s, windowTexts: dies }),
    (s) => ({ ...s, ledger: dies }),
  ];
  for (const stage of stages) {
    await expect(exported(stage)).rejects.toThrow('killed');
    expect(await ask('SELECT sum(count)::INT AS c FROM windows')).toEqual(before);
  }
  await exported();
  expect(await ask('SELECT sum(count)::INT AS c FROM windows')).toEqual([{ c: 20 }]);
  expect(await ask('SELECT count(*)::INT AS n FROM readings')).toEqual([{ n: 2 }]);
});

it('writes readings anew whose outcome an order to readmit has moved', async () => {
  city.send('box', [flow(0)]);
  await city.run();
  await exported();
  expect(await ask('SELECT outcome FROM readings')).toEqual([{ outcome: 'rejected' }]);
  await city.register(registered('box'));
  city.send('box', { positions: [0] }, { type: 'readmit', receivedAt: START + HOUR_MS });
  await city.run();
  await exported();
  expect(await ask('SELECT outcome, site_id, via::INT AS via FROM readings')).toEqual([
    { outcome: 'counted', site_id: 'site of box', via: 1 },
  ]);
});

it('places a reading by the registry that judged it, not by today’s', async () => {
  city.send('loop', [flow(0)]);
  await city.run();
  const moved = { deviceId: 'loop', siteId: 'elsewhere', periodS: 60 };
  await city.register([{ kind: 'installation', id: 'loop', validFrom: 0, body: moved }]);
  city.send('loop', [flow(60)]);
  await city.run();
  await exported();
  expect(await ask('SELECT site_id FROM readings ORDER BY position')).toEqual([
    { site_id: 'site of loop' },
    { site_id: 'elsewhere' },
  ]);
});

it('is partitioned by month: archive and readings by receipt, windows by day observed', async () => {
  const april = 30 * DAY_MS;
  city.send('loop', [flow(0)]);
  city.send('loop', [flow(april / 1_000)], { receivedAt: START + april + MINUTE_MS });
  city.send('loop', '', { ...end, receivedAt: START + april + MINUTE_MS });
  await city.run();
  await exported();
  for (const table of ['archive', 'readings', 'windows', 'hourly']) {
    expect(readdirSync(join(directory, table)).sort(), table).toEqual(['month=2026-03', 'month=2026-04']);
  }
});

it('tells how many readings it wrote, of all the files that it wrote at once', async () => {
  const months = [0, 30, 60, 90];
  for (const days of months) {
    const readings = Array.from({ length: 5 }, (_, i) => flow((days * DAY_MS) / 1_000 + 60 * i));
    city.send('loop', readings, { receivedAt: START + days * DAY_MS + 10 * MINUTE_MS });
  }
  await city.run();
  expect(await exported()).toMatchObject({ records: 4, readings: 20 });
  expect(await ask('SELECT count(*)::INT AS n FROM readings')).toEqual([{ n: 20 }]);
});

it('sweeps files that no manifest names, once nobody can be reading them', async () => {
  city.send('loop', [flow(0)]);
  await city.run();
  await exported();
  const stray = join(directory, 'archive', 'stray.parquet');
  const fresh = join(directory, 'archive', 'fresh.parquet');
  writeFileSync(stray, '');
  writeFileSync(fresh, '');
  const hourAgo = (Date.now() - HOUR_MS) / 1_000;
  utimesSync(stray, hourAgo, hourAgo);
  await exported();
  expect([existsSync(stray), existsSync(fresh)]).toEqual([false, true]);
  for (const path of manifestFiles(readManifest(directory)))
    expect(existsSync(join(directory, path))).toBe(true);
});
