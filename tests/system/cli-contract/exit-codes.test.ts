import { existsSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { headway, temporaryFolder, writeRecording } from './command-line.ts';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder.path, name);

beforeAll(async () => {
  writeRecording(inFolder('two-detectors.ndjson'));
  writeFileSync(inFolder('broken.json'), '{"gateway": ');
  writeFileSync(inFolder('wrong.json'), '{"log": {"partitions": "many"}, "lake": {"every": 5}}');
  writeFileSync(inFolder('a-file'), '');
  const sent = await headway(['--data', inFolder('city'), ...recordingIn('Europe/Berlin')]);
  expect(sent.code).toBe(0);
});
afterAll(() => folder.remove());

const recordingIn = (zone: string) => [
  'replay',
  'ndjson',
  inFolder('two-detectors.ndjson'),
  '--timezone',
  zone,
];

interface Case {
  what: string;
  args: () => string[];
  code: number;
  /** Each must be on stderr. */
  says: string[];
  env?: NodeJS.ProcessEnv;
  data?: string;
}

const cases: Case[] = [
  { what: 'an unknown command', args: () => ['frobnicate'], code: 2, says: ["unknown command 'frobnicate'"] },
  { what: 'an unknown option', args: () => ['audit', '--fast'], code: 2, says: ["unknown option '--fast'"] },
  {
    what: 'an unknown format of output',
    args: () => ['audit', '--format', 'xml'],
    code: 2,
    says: ['table, json, csv'],
  },
  {
    what: 'an unknown measure',
    args: () => ['measure', 'happiness'],
    code: 2,
    says: ['no measure "happiness"', 'measures: '],
  },
  {
    what: 'a measure misspelt',
    args: () => ['measure', 'vtk'],
    code: 2,
    says: ['no measure "vtk"', 'nearest: vkt'],
  },
  {
    what: 'an unknown parameter',
    args: () => ['measure', 'counts', '--set', 'colour=red'],
    code: 2,
    says: ['no parameter colour'],
  },
  {
    what: 'a parameter that can not be',
    args: () => ['measure', 'counts', '--set', 'bin_minutes=7'],
    code: 2,
    says: ['bin_minutes'],
  },
  {
    what: 'a measure of one corridor where there is none',
    args: () => ['measure', 'corridor-travel-time'],
    code: 1,
    says: ['no corridor'],
  },
  {
    what: 'what the data can not answer',
    args: () => ['measure', 'vkt'],
    code: 1,
    says: ['not computable: no length of road'],
  },
  {
    what: 'a word for a date',
    args: () => ['measure', 'counts', '--from', 'yesterday'],
    code: 2,
    says: ['yesterday is no date or time'],
  },
  {
    what: 'a date that never was',
    args: () => ['measure', 'counts', '--from', '2026-02-30'],
    code: 2,
    says: ['2026-02-30 is no date or time'],
  },
  {
    what: 'a wall clock that was put forward over it',
    args: () => ['measure', 'counts', '--from', '2026-03-29T02:30'],
    code: 2,
    says: ['2026-03-29T02:30 never was in Europe/Berlin', 'hint: '],
  },
  {
    what: 'a period that ends before it begins',
    args: () => ['measure', 'counts', '--from', '2026-05-05', '--to', '2026-05-04'],
    code: 2,
    says: ['period'],
  },
  {
    what: 'an unknown report',
    args: () => ['report', 'monthly'],
    code: 2,
    says: ['no report monthly', 'sensor-health, site, stop, transit-before-after, transit-network, weekly'],
  },
  {
    what: 'a report of a date that never was',
    args: () => ['report', 'weekly', '--from', '2026-03-29T02:30'],
    code: 2,
    says: ['clocks went forward'],
  },
  {
    what: 'a report with a parameter it has not',
    args: () => ['report', 'weekly', '--set', 'colour=red'],
    code: 2,
    says: ['colour'],
  },
  {
    what: 'a query that is none',
    args: () => ['query', 'SELECT happiness FROM windows'],
    code: 2,
    says: ['the query failed', '"happiness"', 'docs/lake.md'],
  },
  {
    what: 'an unknown format of recording',
    args: () => ['replay', 'betamax', 'x'],
    code: 2,
    says: ['betamax is no recording format', 'metr-la'],
  },
  {
    what: 'a recording that is not there',
    args: () => ['replay', 'metr-la', inFolder('nowhere')],
    code: 2,
    says: ['nowhere does not exist'],
  },
  {
    what: 'a recording of another format',
    args: () => ['replay', 'scats', folder.path],
    code: 2,
    says: ['no SCATS volume file'],
  },
  {
    what: 'lines that are no readings',
    args: () => ['replay', 'ndjson', inFolder('broken.json')],
    code: 2,
    says: ['hint: '],
  },
  {
    what: 'a recording of another time zone',
    args: () => recordingIn('Asia/Tokyo'),
    code: 2,
    says: ['whose clocks follow Europe/Berlin', '--data DIR'],
  },
  {
    what: 'a pace that is none',
    args: () => [...recordingIn('Europe/Berlin'), '--speed', 'fast'],
    code: 2,
    says: ['60x'],
  },
  {
    what: 'a city too small to simulate',
    args: () => ['start', '--sensors', '5', '--once'],
    code: 2,
    says: ['20 sensors'],
    data: 'too-small',
  },
  {
    what: 'another count of partitions',
    args: () => recordingIn('Europe/Berlin'),
    code: 3,
    says: ['4 partitions, not 9'],
    env: { HEADWAY_LOG_PARTITIONS: '9' },
  },
  {
    what: 'a directory without a city',
    args: () => ['audit'],
    code: 1,
    says: ['holds no city yet'],
    data: 'nothing-here',
  },
  {
    what: 'a data directory that is a file',
    args: () => recordingIn('UTC'),
    code: 3,
    says: ['could not make the data directory'],
    data: 'a-file',
  },
  {
    what: 'a door without a city',
    args: () => ['up'],
    code: 2,
    says: ['HEADWAY_CITY_TIMEZONE'],
    data: 'no-name',
  },
  {
    what: 'a configuration that is not there',
    args: () => ['--config', inFolder('none.json'), 'config', 'check'],
    code: 2,
    says: ['could not read'],
  },
  {
    what: 'a configuration that is not JSON',
    args: () => ['--config', inFolder('broken.json'), 'config', 'check'],
    code: 2,
    says: ['broken.json is not JSON'],
  },
  {
    what: 'fields that can not be, all of them named',
    args: () => ['--config', inFolder('wrong.json'), 'config', 'check'],
    code: 2,
    says: ['log.partitions', 'lake', '"every"'],
  },
  {
    what: 'an override that can not be',
    args: () => ['config', 'check'],
    code: 2,
    says: ['city.timezone'],
    env: { HEADWAY_CITY_TIMEZONE: 'Mars/Olympus' },
  },
];

describe.concurrent('an answer that is no, wrong usage and a failure outside have each their exit code', () => {
  test.for(cases)('$what', async ({ args, code, says, env = {}, data = 'city' }) => {
    const ran = await headway(['--data', inFolder(data), ...args()], env);
    for (const text of says) expect(ran.stderr).toContain(text);
    expect(ran).toMatchObject({ code, stdout: '' });
    // No stack: nothing of this is our bug.
    expect(ran.stderr).not.toContain('    at ');
  });
});

test('a question to a directory that is not there leaves none behind', async () => {
  await headway(['--data', inFolder('mistyped'), 'query', 'FROM windows']);
  expect(existsSync(inFolder('mistyped'))).toBe(false);
});

test('a lake of which a file is cut short answers nothing, and names the file', async () => {
  const data = inFolder('cut');
  expect((await headway(['--data', data, ...recordingIn('UTC')])).code).toBe(0);
  expect((await headway(['--data', data, 'query', 'FROM windows'])).code).toBe(0);
  const files = readdirSync(join(data, 'lake', 'windows'), { recursive: true, encoding: 'utf8' });
  const file = files.find((name) => name.endsWith('.parquet'))!;
  truncateSync(join(data, 'lake', 'windows', file), 200);
  const ran = await headway(['--data', data, 'query', 'SELECT 1']);
  expect(ran).toMatchObject({ code: 3, stdout: '' });
  expect(ran.stderr).toContain(`${file} does not end as a Parquet file does`);
  expect(ran.stderr).toContain('hint: restore the file');
});
