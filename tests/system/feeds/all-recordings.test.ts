import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { recording } from '../../shared-data.ts';
import { readPackage, violations } from '../../unit/tides/published-constraints.ts';
import { headway, headwayJson } from '../cli/headway.ts';

/** Path below the shared data, feed, and what its caveats must say. */
const recordings: [path: string, feed: string, caveats: string[]][] = [
  ['hfp/hsl-hfp-v2-dumps', 'hfp', ['no-position: 940']],
  ['gtfs-rt/king-county-metro', 'gtfs-rt', []],
  ['gtfs-rt/bart', 'gtfs-rt', []],
  ['gtfs-rt/caltrain', 'gtfs-rt', []],
  ['gtfs-rt/nyct-ace-series', 'gtfs-rt', ['vehicle-without-name: 6,266']],
  ['gtfs-rt/nyct-subway', 'gtfs-rt', ['vehicle-without-name: 330']],
  ['siri', 'siri', []],
  ['datex2/datex4j-datasets', 'datex2', ['no-measured-data: 4']],
  ['ngsi/smart-data-models', 'ngsi', ['entity-of-another-type: 25', 'headway-contradicts-intensity: 4']],
];

const directory = mkdtempSync(join(tmpdir(), 'headway-'));
const data = join(directory, 'city');
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test('every recorded feed, in one city: the ledger adds up, and the report stands', async (context) => {
  const paths = recordings.map(([path]) => recording(context, path));
  for (const [i, [, feed, caveats]] of recordings.entries()) {
    const replay = await headway(data, 'replay', feed, paths[i]!, '--no-lake', '--timezone', 'Europe/Oslo');
    expect(replay.code).toBe(0);
    for (const caveat of caveats) expect(replay.stderr).toContain(caveat);
  }
  const audit = await headway(data, 'audit');
  expect(audit.stderr).toContain('audit: 0 differences');
  const sums = await headwayJson<Record<string, number | string>[]>(
    data,
    'query',
    `SELECT device_id, sum(heard)::INT AS heard, sum(used)::INT AS used,
         (SELECT count(*)::INT FROM readings r WHERE r.device_id = s.device_id AND r.kind = 'unusable') AS as_they_came
       FROM feed_statuses s GROUP BY device_id ORDER BY device_id`,
  );
  // Entities of the GTFS-Realtime files, as counted by their tags; lines, journeys and documents of the others.
  expect(sums).toEqual([
    { device_id: 'bart', heard: 118, used: 118, as_they_came: 0 },
    { device_id: 'caltrain', heard: 33, used: 33, as_they_came: 0 },
    { device_id: 'datex4j-datasets', heard: 6, used: 2, as_they_came: 4 },
    { device_id: 'hsl-hfp-v2-dumps', heard: 1_428, used: 1_428, as_they_came: 0 },
    { device_id: 'king-county-metro', heard: 1_197, used: 1_197, as_they_came: 0 },
    { device_id: 'nyct-ace-series', heard: 12_532, used: 12_532, as_they_came: 0 },
    { device_id: 'nyct-subway', heard: 772, used: 772, as_they_came: 0 },
    { device_id: 'siri', heard: 272, used: 272, as_they_came: 0 },
    { device_id: 'smart-data-models', heard: 29, used: 4, as_they_came: 25 },
  ]);
  const report = await headway(data, 'report', 'feed-quality', '--from', '2016-01-01', '--to', '2027-01-01');
  expect(report.code).toBe(0);
  const html = readFileSync(report.stdout.trim(), 'utf8');
  expect(html.includes('class="failed"')).toBe(false);
  for (const word of ['zero-position', 'times-run-back', 'clock-ahead', 'unusable'])
    expect(html).toContain(word);
});

test('recorded passengers: who is counted is of a stop, and leaves as TIDES that holds to its schemas', async (context) => {
  recording(context, 'hfp/hsl-hfp-v2-dumps');
  const folder = join(directory, 'tides');
  // Three of the five recorded changes of trip were on one day: 23 get on, 21 off.
  const days = ['--from', '2023-10-29', '--to', '2023-10-30'];
  expect((await headway(data, 'gtfs', 'match', ...days)).code).toBe(0);
  const { rows } = await headwayJson<{ rows: { side: string; outcome: string; passengers: number }[] }>(
    data,
    'measure',
    'passenger-counts',
    ...days,
  );
  const passengers = (side: string) =>
    rows.filter((r) => r.side === side).reduce((sum, r) => sum + r.passengers, 0);
  expect([passengers('boarding'), passengers('alighting')]).toEqual([23, 21]);
  expect(rows.map((r) => r.outcome).filter((o) => !o.startsWith('assigned'))).toEqual([]);
  const done = await headway(data, 'tides', 'export', folder, ...days);
  expect(done.code).toBe(0);
  const tables = await readPackage(folder);
  expect(await violations(tables)).toEqual([]);
  const boarded = tables.passenger_events!.rows.filter((r) => r.event_type === 'Passenger boarded');
  expect(boarded.reduce((sum, r) => sum + Number(r.event_count), 0)).toBe(23);
  // Files of another export would be taken for those of this one.
  expect(await headway(data, 'tides', 'export', folder, ...days)).toMatchObject({ code: 2 });
});
