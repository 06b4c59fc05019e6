import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { beforeEach, expect, test } from 'vitest';
import { defineViews, makeOnDemand } from '#analytics/lake/on-demand.ts';
import { rememberAnswers, remembered } from '#analytics/lake/remembered.ts';

let db: DuckDBConnection;
let asked: number;

beforeEach(async () => {
  db = await (await DuckDBInstance.create(':memory:')).connect();
  makeOnDemand(db);
  await defineViews(
    db,
    `
CREATE OR REPLACE TEMP MACRO is_line(name) AS name = getvariable('route');
CREATE OR REPLACE TEMP VIEW lines AS FROM query('SELECT * FROM (VALUES (''7''), (''8'')) t(line) WHERE is_line(line) OR getvariable(''every'')');`,
  );
  await db.run("SET VARIABLE route = '7'; SET VARIABLE every = false; SET VARIABLE other = 1");
  asked = 0;
});

const LINES = 'SELECT string_agg(line) FROM lines';
const ask = (sql = LINES): Promise<unknown> =>
  remembered(db, sql, async () => {
    asked += 1;
    return (await db.runAndReadAll(sql)).getRowsJS()[0]![0];
  });

test('a question is asked once, whatever becomes of variables that it does not read', async () => {
  rememberAnswers(db);
  expect(await ask()).toBe('7');
  await db.run('SET VARIABLE other = 2');
  expect(await ask()).toBe('7');
  expect(asked).toBe(1);
});

test('and again for another value of one that a macro or a text within a view reads', async () => {
  rememberAnswers(db);
  expect(await ask()).toBe('7');
  await db.run("SET VARIABLE route = '8'");
  expect(await ask()).toBe('8');
  await db.run('SET VARIABLE every = true');
  expect(await ask()).toBe('7,8');
  await db.run("SET VARIABLE every = false; SET VARIABLE route = '7'");
  expect(await ask()).toBe('7');
  expect(asked).toBe(3);
});

test('and again once views were defined anew', async () => {
  rememberAnswers(db);
  expect(await ask()).toBe('7');
  await defineViews(db, "CREATE OR REPLACE TEMP VIEW lines AS SELECT '9' AS line");
  expect(await ask()).toBe('9');
});

test('a fault is not remembered', async () => {
  rememberAnswers(db);
  await expect(ask('SELECT line FROM trams')).rejects.toThrow('trams');
  await db.run("CREATE TEMP TABLE trams AS SELECT '1' AS line");
  expect(await ask('SELECT line FROM trams')).toBe('1');
});

test('a connection of a lake that may change asks each time', async () => {
  expect(await ask()).toBe('7');
  expect(await ask()).toBe('7');
  expect(asked).toBe(2);
});
