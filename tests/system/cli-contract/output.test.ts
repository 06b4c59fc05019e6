import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { headway, startHeadway, temporaryFolder, writeRecording } from './command-line.ts';

const folder = temporaryFolder();
const data = join(folder.path, 'city');
const run = (...args: string[]) => headway(['--data', data, ...args]);

beforeAll(async () => {
  const recording = join(folder.path, 'two-detectors.ndjson');
  writeRecording(recording);
  const sent = await run('replay', 'ndjson', recording, '--timezone', 'Europe/Berlin');
  expect(sent).toMatchObject({ code: 0, stdout: '' });
  expect(sent.stderr).toContain('146 received = 143 counted + 2 duplicate + 0 restated + 1 rejected');
});
afterAll(() => folder.remove());

describe.concurrent('stdout holds data and nothing else', () => {
  test.for([
    ['measure', 'counts'],
    ['measure'],
    ['query', 'FROM windows'],
    ['query', 'FROM sites'],
    ['audit'],
    ['dead-letters'],
    ['dead-letters', '--payload'],
    ['device', 'list'],
    ['network', 'list'],
  ])('headway %s --format json', async (args) => {
    const { code, stdout, stderr } = await run(...args, '--format', 'json');
    expect(code, stderr).toBe(0);
    const parsed: unknown = JSON.parse(stdout);
    expect(Array.isArray(parsed) ? parsed.length : Object.keys(parsed as object).length).toBeGreaterThan(0);
  });

  test.for([
    ['measure', 'counts'],
    ['query', 'FROM windows'],
    ['dead-letters', '--payload'],
    ['device', 'list'],
    ['network', 'list'],
  ])('headway %s --format csv', async (args) => {
    const { code, stdout, stderr } = await run(...args, '--format', 'csv');
    expect(code, stderr).toBe(0);
    const rows: Record<string, string>[] = parse(stdout, { columns: true });
    expect(rows.length).toBeGreaterThan(0);
  });

  test('headway config check', async () => {
    const { code, stdout } = await run('config', 'check');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ gateway: { mqttPort: 0 }, processing: { aheadS: 60 } });
  });

  test('an answer that is no is JSON too, with its reason', async () => {
    const { code, stdout, stderr } = await run(
      'measure',
      'counts',
      '--set',
      'kind=signal-event',
      '--format',
      'json',
    );
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ computable: false, because: 'no actuations' });
    expect(stderr).toContain('not computable: no actuations');
  });

  test('a report prints the path of its file', async () => {
    const out = join(folder.path, 'week.html');
    const { code, stdout, stderr } = await run(
      'report',
      'weekly',
      '--from',
      '2026-05-04',
      '--to',
      '2026-05-05',
      '--out',
      out,
    );
    expect(code, stderr).toBe(0);
    expect(stdout).toBe(`${out}\n`);
    expect(readFileSync(out, 'utf8').startsWith('<!doctype html>')).toBe(true);
  });

  test('Parquet goes to the file that is named', async () => {
    const out = join(folder.path, 'counts.parquet');
    const { code, stdout, stderr } = await run('measure', 'counts', '--format', 'parquet', '--out', out);
    expect(code, stderr).toBe(0);
    expect(stdout).toBe('');
    expect(existsSync(out)).toBe(true);
  });
});

describe.concurrent('values', () => {
  test('mean what they are: instants in UTC, wall clocks without an offset, no rounding', async () => {
    const sql = `SELECT TIMESTAMPTZ '2026-05-04 12:00:00.5+02' AS instant, TIMESTAMP '2026-05-04 12:00' AS wall,
      DATE '2026-05-04' AS day, 'infinity'::TIMESTAMPTZ AS never_ends, 1 / 3 AS third, MAP {'a': 1} AS by_name,
      9007199254740993 AS large, 'say "hi", twice' AS text, NULL AS nothing, 'plain'::BLOB AS bytes, [1, 2] AS list`;
    const expected = {
      instant: '2026-05-04T10:00:00.500Z',
      wall: '2026-05-04T12:00:00',
      day: '2026-05-04',
      never_ends: 'infinity',
      third: 1 / 3,
      by_name: { a: 1 },
      large: '9007199254740993',
      text: 'say "hi", twice',
      nothing: null,
      bytes: 'plain',
      list: [1, 2],
    };
    const [json, csv] = await Promise.all([
      run('query', sql, '--format', 'json'),
      run('query', sql, '--format', 'csv'),
    ]);
    expect(JSON.parse(json.stdout)).toEqual([expected]);
    const printed = Object.entries(expected).map(([name, value]) => [
      name,
      value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]);
    expect(parse(csv.stdout, { columns: true })).toEqual([Object.fromEntries(printed)]);
  });

  test('of the same measure are the same in JSON, CSV and Parquet', async () => {
    const out = join(folder.path, 'flow.parquet');
    const asked = ['measure', 'flow-profile', '--set', 'by=site'];
    const [json, csv] = await Promise.all([
      run(...asked, '--format', 'json'),
      run(...asked, '--format', 'csv'),
      run(...asked, '--format', 'parquet', '--out', out),
    ]);
    const parquet = await run('query', `SELECT * FROM '${out}'`, '--format', 'json');
    const rows = (JSON.parse(json.stdout) as { rows: Record<string, unknown>[] }).rows;
    const flows = (of: Record<string, unknown>[]) =>
      of.map((r) => `${r.site_id} ${r.time_of_day} ${r.flow_veh_h}`);
    expect(new Set(rows.map((r) => r.flow_veh_h))).toEqual(new Set([144, 72]));
    expect(flows(parse(csv.stdout, { columns: true }))).toEqual(flows(rows));
    expect(flows(JSON.parse(parquet.stdout))).toEqual(flows(rows));
  });
});

test('a hundred thousand rows are printed, and whoever reads only the first may stop', async () => {
  const many = 'SELECT range AS n, repeat($$x$$, 40) AS filler FROM range(100000)';
  const all = await run('query', many, '--format', 'csv');
  expect(all).toMatchObject({ code: 0, stderr: '' });
  expect(all.stdout.split('\n')).toHaveLength(100_002);

  const child = startHeadway(['--data', data, 'query', many, '--format', 'json']);
  let stderr = '';
  child.stderr!.on('data', (chunk) => {
    stderr += chunk;
  });
  await once(child.stdout!, 'data');
  child.stdout!.destroy();
  const [code] = await once(child, 'exit');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});
