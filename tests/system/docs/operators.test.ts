import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readConfig } from '#apps/config.ts';
import { rejectionReasons } from '#domain/outcome.ts';
import { headway } from '../cli-contract/command-line.ts';
import { blockCommands, codeIn, documentAt, tableRows, words } from './documents.ts';

const operators = documentAt('docs/operators.md')!;
const network = documentAt('docs/network.md')!;
const recordings = documentAt('docs/recordings.md')!;

test('the configuration table has every field with its default, and no other', () => {
  const config = readConfig(undefined, {}) as unknown as Record<string, Record<string, unknown>>;
  const inForce = Object.entries(config).flatMap(([section, fields]) =>
    Object.entries(fields).map(([field, value]) => [`${section}.${field}`, String(value)] as const),
  );
  const described = tableRows(operators).flatMap(([field, defaults]) => {
    const names = codeIn(field ?? '').filter((name) => Object.keys(config).includes(name.split('.')[0]!));
    const values = (defaults ?? '').replaceAll('`', '').split(/,\s*/);
    return names.map((name, i) => [name, values[names.length > 1 ? i : 0]!] as const);
  });
  const optional = described.filter(([, value]) => !value).map(([name]) => name);
  expect(optional).toEqual([
    'city.name',
    'city.timezone',
    'gateway.certificateFile',
    'gateway.keyFile',
    'iotHub.connectionString',
    'iotHub.endpoint',
    'eventHubs.connectionString',
    'eventHubs.endpoint',
    'cosmos.connectionString',
    'cosmos.endpoint',
    'cosmos.hotPeriodDays',
    'cosmos.caFile',
    'blob.connectionString',
    'blob.endpoint',
    'bridge.url',
    'bridge.username',
    'bridge.password',
    'bridge.topics',
    'bridge.share',
    'health.port',
    'figures.everyS',
  ]);
  expect(Object.fromEntries(described.filter(([, value]) => value))).toEqual(Object.fromEntries(inForce));
});

test('the table of reasons has each reason for which a reading is not counted', () => {
  const reasons = tableRows(operators).flatMap(([first]) => codeIn(first ?? ''));
  expect(reasons).toEqual(expect.arrayContaining([...rejectionReasons, 'ahead', 'behind']));
});

test('an operator’s first commands work as they stand there, in order', async () => {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, 'sites.geojson'), JSON.stringify(sites));
  writeFileSync(join(cwd, 'corridors.csv'), corridors);
  writeFileSync(
    join(cwd, 'holidays.csv'),
    'type,from,name\nholiday,2026-07-03,Independence Day (observed)\n',
  );
  const commands = [...blockCommands(operators), ...blockCommands(network)].filter((c) => !/ up$/.test(c));
  expect(commands.length).toBeGreaterThanOrEqual(7);
  for (const command of commands) {
    const args = words(command).filter((word) => word !== 'npx' && word !== 'headway');
    const ran = await headway(args, {}, cwd);
    expect(ran.code, `${command}: ${ran.stderr}`).toBe(0);
  }
});

test('the column map that is given as options reads the file it speaks of', async () => {
  const cwd = temporaryFolder();
  writeFileSync(
    join(cwd, 'train.csv'),
    '5 Minutes,Lane 1 Flow (Veh/5 Minutes),# Lane Points,% Observed\n04/01/2016 0:00,3,1,100\n04/01/2016 0:05,4,1,100\n',
  );
  const command = blockCommands(recordings).find((c) => c.includes('replay csv'))!;
  const ran = await headway(words(command).slice(1), {}, cwd);
  expect(ran.code, ran.stderr).toBe(0);
  expect(ran.stderr).toContain('2 received = 2 counted');
  const counts = await headway(['measure', 'counts', '--format', 'json'], {}, cwd);
  const { rows } = JSON.parse(counts.stdout) as { rows: Record<string, unknown>[] };
  expect(rows.map((r) => [r.local_time, r.lane, r.count])).toEqual([
    ['2016-01-04T00:00:00', 1, 3],
    ['2016-01-04T00:05:00', 1, 4],
  ]);
});

function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'headway-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const site = (id: string, lon: number) => ({
  type: 'Feature',
  properties: { site_id: id, name: `Site ${id}`, road: 'High Street' },
  geometry: { type: 'Point', coordinates: [lon, 47.6] },
});
const sites = { type: 'FeatureCollection', features: [site('12', -122.33), site('13', -122.32)] };
const corridors = 'corridor_id,name,order,site_id,km\nhigh,High Street,1,12,0\nhigh,High Street,2,13,0.8\n';
