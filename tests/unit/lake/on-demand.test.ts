import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { beforeEach, expect, test } from 'vitest';
import { filledWindowsSql } from '#analytics/imputation/imputed.ts';
import { defineViews, makeOnDemand } from '#analytics/lake/on-demand.ts';
import { quarterRollupsSql } from '#analytics/lake/quarter-counts.ts';
import { sessionSql } from '#analytics/lake/session-sql.ts';
import { transitViewsSql } from '#analytics/transit/transit-views.ts';

let db: DuckDBConnection;

beforeEach(async () => {
  db = await (await DuckDBInstance.create(':memory:')).connect();
  makeOnDemand(db);
  await db.run('CREATE TEMP TABLE counts AS SELECT 3 AS n');
  await defineViews(
    db,
    `
-- Not a word of a comment: broken.
CREATE OR REPLACE TEMP MACRO twice(n) AS 2 * n;
CREATE OR REPLACE TEMP VIEW doubled AS SELECT twice(n) AS n FROM counts;
SET VARIABLE opened = true;
CREATE OR REPLACE TEMP VIEW once_more AS -- broken
  SELECT twice(n) AS n FROM Doubled;
CREATE OR REPLACE TEMP VIEW broken AS SELECT nothing FROM nowhere;`,
  );
});

const ask = async (sql: string): Promise<unknown> => (await db.runAndReadAll(sql)).getRowsJS()[0]?.[0];
test('a question finds the view it names, with whatever that stands on, and nothing else', async () => {
  expect(await ask('SELECT n FROM ONCE_MORE')).toBe(12);
  expect(await ask("SELECT getvariable('opened')")).toBe(true);
});

test('prepared statements, streams and statements with values find them too', async () => {
  const prepared = await db.prepare('SELECT n FROM doubled');
  expect((await prepared.runAndReadAll()).getRowsJS()).toEqual([[6]]);
  expect((await db.runAndReadAll('SELECT n + $more FROM once_more', { more: 1 })).getRowsJS()).toEqual([
    [13],
  ]);
  expect((await (await db.stream('SELECT twice(4)')).getRowsJS())[0]).toEqual([8]);
});

test('a statement that can not be made tells it when it is asked for, and each time', async () => {
  await expect(ask('SELECT * FROM broken')).rejects.toThrow('nowhere');
  await expect(ask('SELECT * FROM broken')).rejects.toThrow('nowhere');
  expect(await ask('SELECT n FROM doubled')).toBe(6);
});

test('the later definition holds, made before or not', async () => {
  await defineViews(db, 'CREATE OR REPLACE TEMP VIEW doubled AS SELECT 50 AS n');
  expect(await ask('SELECT n FROM once_more')).toBe(100);
  await defineViews(db, 'CREATE OR REPLACE TEMP VIEW doubled AS SELECT 60 AS n');
  expect(await ask('SELECT n FROM once_more')).toBe(120);
});

test('what a statement makes under a name stays, though more is made on it later', async () => {
  await db.run('CREATE OR REPLACE TEMP VIEW doubled AS SELECT 7 AS n');
  expect(await ask('SELECT n FROM once_more')).toBe(14);
});

test('who asks what there is sees every view', async () => {
  await db.run('CREATE TEMP TABLE nowhere AS SELECT 1 AS nothing');
  const names = (await db.runAndReadAll('SHOW ALL TABLES')).getRowObjectsJS().map((row) => row.name);
  expect(names).toEqual(expect.arrayContaining(['broken', 'counts', 'doubled', 'once_more']));
});

test('questions at once do not stand in one another’s way', async () => {
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, i) => ask(`SELECT n + ${i} FROM once_more`)),
  );
  expect(answers).toEqual([12, 13, 14, 15, 16, 17, 18, 19]);
});

test('no text of the session puts the name of a view together as it runs', () => {
  const texts = [sessionSql(), quarterRollupsSql(), filledWindowsSql(), transitViewsSql()].join('\n');
  expect(texts.match(/\w_'\s*\|\||\|\|\s*'_\w/g)).toBeNull();
});
