import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLake } from '#analytics/lake/open-lake.ts';
import { readingFields } from '#analytics/lake/reading-fields.ts';
import { openDataDirectory } from '#apps/data-directory.ts';
import { lakeSession } from '#apps/lake-session.ts';
import { registryView } from '#domain/registry/registry.ts';
import { headway, temporaryFolder, writeRecording } from '../cli-contract/command-line.ts';
import { codeIn, documentAt, tableRows } from './documents.ts';

type Columns = Record<string, string>;

const lakeMd = documentAt('docs/lake.md')!;
const described = tableRows(lakeMd)
  .filter(([name]) => codeIn(name ?? '').length > 0)
  .map(([name, meaning, columns]) => ({
    views: codeIn(name!),
    text: `${meaning} ${columns}`,
    columns: columns ?? '',
  }));
/** Every column of these is listed; of the others, what they have beside their names. */
const listedWhole =
  'archive windows hourly ledger door sites links zones corridors devices installations calendar incidents screenlines city'.split(
    ' ',
  );

const folder = temporaryFolder();
let empty: DuckDBConnection;
let filled: DuckDBConnection;
beforeAll(async () => {
  const city = { name: 'Nowhere', timezone: 'Europe/London' };
  empty = await openLake({ directory: join(folder.path, 'none'), registry: registryView([]), city });
  const recording = join(folder.path, 'two-detectors.ndjson');
  writeRecording(recording);
  const path = join(folder.path, 'city');
  const sent = await headway(['replay', 'ndjson', recording, '--data', path]);
  expect(sent.code, sent.stderr).toBe(0);
  const data = openDataDirectory(path);
  filled = await lakeSession(data);
  data.close();
});
afterAll(() => {
  for (const lake of [empty, filled]) lake?.closeSync();
  folder.remove();
});

test('an empty lake has the columns of a full one', async () => {
  const views = [...listedWhole, 'readings', 'asked_windows', 'site_windows', 'promised_hours'];
  for (const view of views) expect(await columnsOf(empty, view), view).toEqual(await columnsOf(filled, view));
});

test('the views whose columns are listed have those columns, of those types, and no other', async () => {
  const views = described.filter(({ views }) => views.every((view) => listedWhole.includes(view)));
  expect(views.flatMap((row) => row.views).sort()).toEqual([...listedWhole].sort());
  for (const row of views) {
    const parts = row.views.length > 1 ? row.columns.split(';') : [row.columns];
    for (const [i, view] of row.views.entries()) {
      const real = await columnsOf(filled, view);
      const listed = listedColumns(parts[i] ?? '');
      expect([...new Set(listed.map((c) => c.name))].sort(), view).toEqual(Object.keys(real).sort());
      for (const { name, type } of listed)
        if (type) expect(`${name} ${real[name]}`, view).toBe(`${name} ${type}`);
    }
  }
});

test('readings have the columns that are listed, and beside them the fields of the wire', async () => {
  const real = Object.keys(await columnsOf(filled, 'readings'));
  const row = described.find(({ views }) => views[0] === 'readings')!;
  const listed = listedColumns(row.columns).map((c) => c.name);
  expect(listed.filter((name) => !real.includes(name))).toEqual([]);
  const wire = readingFields.map(([, column]) => column);
  expect(real.filter((name) => !listed.includes(name) && !wire.includes(name))).toEqual([]);
});

test('every other view that is described is there, with the columns that are named', async () => {
  const others = described.filter(({ views }) =>
    views.some((v) => !listedWhole.includes(v) && v !== 'readings'),
  );
  expect(others.length).toBeGreaterThan(10);
  const everyColumn = new Set<string>();
  for (const { views } of described) {
    for (const view of views)
      for (const name of Object.keys(await columnsOf(filled, view))) everyColumn.add(name);
  }
  for (const { views, columns } of others) {
    const real = Object.keys(await columnsOf(filled, views[0]!));
    const named = codeIn(columns)
      .flatMap((code) => code.split(/,\s*/))
      .filter((name) => /^[a-z_0-9]+$/.test(name));
    const viewNames = described.flatMap((d) => d.views);
    expect(
      named.filter((name) => !viewNames.includes(name) && !real.includes(name)),
      views[0],
    ).toEqual([]);
    for (const name of named) expect(viewNames.includes(name) || everyColumn.has(name), name).toBe(true);
  }
});

test('every macro that is named is there, with as many arguments', async () => {
  const result = await filled.runAndReadAll(
    'SELECT function_name AS name, len(parameters)::INT AS arguments FROM duckdb_functions() WHERE NOT internal',
  );
  const macros = new Map(
    result.getRowObjectsJS().map((row) => [row.name as string, row.arguments as number]),
  );
  const named = [...lakeMd.text.matchAll(/`([a-z_0-9]+)\(([^`)]*)\)`/g)]
    .map((m) => ({ name: m[1]!, given: m[2]!.trim() === '' ? 0 : m[2]!.split(',').length }))
    .filter(({ name }) => name !== 'getvariable');
  expect(named.length).toBeGreaterThan(15);
  for (const { name, given } of named) expect({ name, given: macros.get(name) }).toEqual({ name, given });
});

async function columnsOf(lake: DuckDBConnection, view: string): Promise<Columns> {
  const result = await lake.runAndReadAll(`SELECT column_name, column_type FROM (DESCRIBE ${view})`);
  return Object.fromEntries(
    result.getRowObjectsJS().map((row) => [row.column_name, row.column_type]),
  ) as Columns;
}

/** `a INT, b, c MAP(VARCHAR, BIGINT)` in backticks: names, and types where they are said. */
function listedColumns(cell: string): { name: string; type?: string }[] {
  return codeIn(cell)
    .flatMap((code) => code.split(/,\s*(?![^(]*\))/))
    .filter((text) => /^[a-z_0-9]+( [A-Z].*)?$/.test(text))
    .map((text) => {
      const [name, ...type] = text.split(' ');
      return type.length === 0
        ? { name: name! }
        : { name: name!, type: type.join(' ').replace(/^INT\b(?!E)/, 'INTEGER') };
    });
}
