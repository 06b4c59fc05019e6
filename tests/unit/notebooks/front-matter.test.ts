import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readFrontMatter } from '#analytics/notebooks/front-matter.ts';
import { resolveParameters } from '#analytics/notebooks/parameters.ts';
import { cityTime } from '#domain/city-time.ts';
import { speedCity } from './small-cities.ts';

let connection: DuckDBConnection;
beforeAll(async () => {
  connection = await speedCity();
});
afterAll(() => connection.closeSync());

const notebook = (parameters: string) => `---\ntitle: T\nparameters:\n${parameters}\n---\nText\n`;

async function resolved(
  parameters: string,
  given: Record<string, string | number> = {},
  asOf?: number,
  zone = 'Europe/Berlin',
): Promise<Record<string, unknown>> {
  const { meta } = readFrontMatter(notebook(parameters));
  const found = await resolveParameters(meta.parameters, given, { connection, time: cityTime(zone), asOf });
  return Object.fromEntries(found.map((p) => [p.spec.name, p.value]));
}

test('the body begins on the line after the front matter', () => {
  expect(readFrontMatter(notebook('  - { name: n, type: number }'))).toMatchObject({
    body: 'Text\n',
    bodyLine: 5,
  });
});

test('a notebook without front matter says how to begin one', () => {
  expect(() => readFrontMatter('# Hello')).toThrow('a notebook starts with ---');
});

test('an unknown parameter type is named with its place', () => {
  expect(() => readFrontMatter(notebook('  - { name: n, type: colour }'))).toThrow(/parameters\[0\]\.type/);
});

test('a date is the start of a day in city time, also across a clock change', async () => {
  const days = '  - { name: from, type: date }\n  - { name: to, type: date, default: from + 1 day }';
  expect(await resolved(days, { from: '2024-03-31' })).toEqual({
    from: Date.parse('2024-03-30T23:00:00Z'),
    to: Date.parse('2024-03-31T22:00:00Z'),
  });
});

test('a default may look at a parameter that is declared later', async () => {
  const days =
    '  - { name: from, type: date, default: to - 7 days }\n  - { name: to, type: date, default: yesterday }';
  expect(await resolved(days, {}, Date.parse('2024-06-10T10:00:00Z'))).toEqual({
    from: Date.parse('2024-06-01T22:00:00Z'),
    to: Date.parse('2024-06-08T22:00:00Z'),
  });
});

test('data-end is the midnight after the newest window', async () => {
  const value = await resolved('  - { name: to, type: date, default: data-end }');
  expect(value).toEqual({ to: Date.parse('2024-03-05T23:00:00Z') });
});

test('a moment with an offset is taken as it is', async () => {
  const value = await resolved('  - { name: at, type: date }', { at: '2024-03-04T06:30:00-08:00' });
  expect(value).toEqual({ at: Date.parse('2024-03-04T14:30:00Z') });
});

test('an hour that the clocks skipped is named as impossible', async () => {
  const skipped = resolved('  - { name: at, type: date }', { at: '2024-03-31T02:30' });
  await expect(skipped).rejects.toThrow('never happened in Europe/Berlin');
});

test('a corridor that is not there is refused with those that are', async () => {
  const unknown = resolved('  - { name: corridor, type: corridor }', { corridor: 'rign' });
  await expect(unknown).rejects.toThrow('there is no corridor "rign"; nearest: ring');
});

test('a default can be a query', async () => {
  const value = await resolved('  - { name: n, type: number, default: { sql: SELECT count(*) FROM sites } }');
  expect(value).toEqual({ n: 3 });
});

test('a parameter nobody declared, a missing one and a wrong one are each named', async () => {
  const one = '  - { name: n, type: number, help: how many }';
  await expect(resolved(one, { m: 1 })).rejects.toThrow('there is no parameter m; this notebook has n');
  await expect(resolved(one)).rejects.toThrow('parameter n (number) has no value: how many');
  await expect(resolved(one, { n: 'two' })).rejects.toThrow('parameter n is a number; "two" is none');
});
