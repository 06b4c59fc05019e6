import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { exportLake } from '#analytics/lake/export.ts';
import { openLake } from '#analytics/lake/open-lake.ts';
import { DAY_MS, HOUR_MS } from '#domain/instant.ts';
import type { LogBatch } from '#domain/log.ts';
import type { Registry } from '#domain/registry/registry.ts';
import type { ExportSource, Store } from '#domain/store.ts';
import { createContainers } from '#infra/cosmos/cosmos-database.ts';
import { opened, type StoredDocument } from '#infra/cosmos/document.ts';
import { openCosmosExport } from '#infra/cosmos/export-source.ts';
import { cosmosRegistry } from '#infra/cosmos/registry.ts';
import { cosmosStore } from '#infra/cosmos/store.ts';
import { sqliteExportSource } from '#infra/sqlite/export-source.ts';
import { type AzureServices, azureServices } from '../../contract/azure-services.ts';
import { flow, registered, type SmallCity, START, smallCity } from '../../unit/processing/city.ts';
import { type Connection, exported, processLog } from './azure-city.ts';
import { commitOf } from './commits.ts';

let services: AzureServices;
beforeAll(async () => {
  services = await azureServices();
});
afterAll(() => services.close());

let city: SmallCity;
let connection: Connection;
let registry: Registry;
let store: Store;
let directory: string;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'headway-azure-lake-'));
  city = smallCity();
  connection = await services.connect(services.newCity());
  await createContainers(connection.database);
  registry = cosmosRegistry(connection.database, () => START);
  store = cosmosStore({ ...connection, clock: Date.now });
  await registry.change([...registered('loop'), ...registered('other')]);
  await city.register([...registered('loop'), ...registered('other')]);
});
afterEach(() => {
  city.close();
  rmSync(directory, { recursive: true, force: true });
});

const openExport = () => openCosmosExport({ ...connection, partitions: 1, clock: Date.now });

/** Everything that a source gives, as one text. */
async function allOf(source: ExportSource): Promise<string> {
  const rows: unknown[] = [await source.checkpoints(), await source.changedDays('')];
  for await (const w of source.windowTexts(0, Number.MAX_SAFE_INTEGER)) rows.push(w);
  for await (const row of source.ledger()) rows.push(row);
  for await (const { bytes, ...chunk } of source.outcomes(0, -1)) rows.push([chunk, [...bytes]]);
  rows.push(await source.readmissions());
  return JSON.stringify(rows.map((row) => JSON.stringify(row)).sort());
}

it('reads everything as of the checkpoint at which it was opened, however far processing goes meanwhile', async () => {
  for (let minute = 0; minute < 20; minute++) city.send('loop', [flow(minute * 60)]);
  await processLog(city.records, store, registry, 3);
  const source = await openExport();
  const before = await allOf(source);
  // Late readings change windows and counts again and again.
  for (let count = 1; count < 8; count++) {
    for (let minute = 0; minute < 15; minute++) city.send('loop', [flow(minute * 60, { count })]);
    await processLog(city.records, store, registry, 7);
    expect(await allOf(source)).toBe(before);
    // Another reader comes and goes meanwhile.
    const another = await openExport();
    expect(await allOf(another)).not.toBe(before);
    await another.close();
  }
  await source.close();
  const after = await openExport();
  expect(await allOf(after)).not.toBe(before);
  await after.close();
  // Once no export needs it, a document keeps two versions, not its history.
  for (let count = 11; count < 14; count++) {
    for (let minute = 0; minute < 15; minute++) city.send('loop', [flow(minute * 60, { count })]);
    await processLog(city.records, store, registry, 7);
  }
  const { resources } = await connection.database.container('windows').items.readAll().fetchAll();
  const versions = resources.map((d) => opened('windows', d as unknown as StoredDocument).length);
  expect(new Set(versions)).toEqual(new Set([2]));
  await city.run({ batch: 4 });
  expect((await exported(connection)).readings).toBe(city.records.length);
});

it('names the days that changed since the last export, and no others', async () => {
  const onDay = (day: number, fields: object = {}) =>
    city.send('loop', [flow(0, { observedAt: new Date(START + day * DAY_MS).toISOString(), ...fields })], {
      receivedAt: START + day * DAY_MS + HOUR_MS,
    });
  const dayOf = (day: number) => START - (START % DAY_MS) + day * DAY_MS;
  for (const day of [0, 1, 2]) onDay(day);
  await processLog(city.records, store, registry, 1);
  const first = await openExport();
  const { days, upTo } = await first.changedDays('');
  expect(days).toEqual([dayOf(0), dayOf(1), dayOf(2)]);
  await first.close();
  city.send('loop', [flow(60)], { receivedAt: START + 3 * DAY_MS });
  await processLog(city.records, store, registry, 1);
  const second = await openExport();
  expect((await second.changedDays(upTo)).days).toEqual([dayOf(0)]);
  await second.close();
});

it('fills the same lake as the embedded store does', async () => {
  for (let minute = 0; minute < 30; minute++) {
    city.send('loop', [flow(minute * 60), flow(minute * 60, { speedKmh: minute % 7 === 0 ? 900 : 50 })]);
    city.send('other', [flow((29 - minute) * 60, { count: minute })]);
  }
  city.send('unknown', [flow(0)]);
  city.send('loop', '', { type: 'end' });
  await city.run({ batch: 5 });
  await processLog(city.records, store, registry, 3);
  await city.register(registered('unknown'));
  await registry.change(registered('unknown'));
  city.send('unknown', { positions: [60] }, { type: 'readmit', receivedAt: START + HOUR_MS });
  city.send('unknown', '', { type: 'end' });
  await city.run({ batch: 5 });
  await processLog(city.records, store, registry, 3);

  const log = {
    partitions: 1,
    async *read(partition: number, after: number): AsyncGenerator<LogBatch> {
      yield { partition, records: city.records.slice(after + 1), corrupt: [] };
    },
  };
  const lake = async (name: string, source: ExportSource) => {
    const path = join(directory, name);
    await exportLake({ directory: path, log, source, registry });
    const options = {
      directory: path,
      registry: await registry.view(),
      city: { name: 'X', timezone: 'UTC' },
    };
    const db = await openLake(options);
    const ask = async (sql: string) => (await db.runAndReadAll(sql)).getRowObjectsJson();
    const rows = {
      windows: await ask('SELECT * EXCLUDE (revision, reason) FROM windows ORDER BY ALL'),
      readings: await ask('SELECT * FROM readings ORDER BY position, index'),
      ledger: await ask('SELECT * EXCLUDE (late) FROM ledger ORDER BY ALL'),
    };
    db.closeSync();
    return rows;
  };
  const source = await openExport();
  const azure = await lake('azure', source);
  await source.close();
  const embedded = await lake('embedded', sqliteExportSource(city.db));
  expect(azure).toEqual(embedded);
  expect(azure.readings.filter((r) => r.outcome === 'counted' && r.device_id === 'unknown')).toHaveLength(1);
});

it('lets windows go after the hot period where one is set, and dead letters before them', async () => {
  const { database, blobs } = await services.connect(services.newCity());
  await createContainers(database, 30 * 86_400);
  const ttls = ['windows', 'ledger', 'journal', 'registry'].map(async (id) => {
    const { resource } = await database.container(id).read();
    return [id, resource?.defaultTtl];
  });
  expect(Object.fromEntries(await Promise.all(ttls))).toEqual({ windows: 2_592_000, journal: -1 });
  const deadLetters = [
    {
      partition: 0,
      position: 1,
      reason: 'schema' as const,
      deviceId: 'loop',
      receivedAt: START,
      indices: [0],
      detail: 'x',
    },
  ];
  const outcomes = [{ partition: 0, from: 0, to: 1, registryVersion: 1, bytes: Uint8Array.of(0, 1, 7) }];
  await cosmosStore({ database, blobs, clock: Date.now }).commit(commitOf(1, { deadLetters, outcomes }));
  const { resources } = await database.container('journal').items.readAll().fetchAll();
  const ttlOf = (type: string) => resources.find((d) => (d as { type?: string }).type === type)?.ttl;
  expect([ttlOf('dead-letter'), ttlOf('outcomes')]).toEqual([14 * 86_400, undefined]);
});
