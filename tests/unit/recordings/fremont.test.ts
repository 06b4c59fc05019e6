import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { csv } from '#ingest/recordings/csv.ts';
import { recording } from '../../shared-data.ts';
import { caveatNamed, firstMisfit, sentBy } from './recorded.ts';

const file = 'bike/fremont-bridge-seattle/FremontHourly.csv';
const map = resolve(import.meta.dirname, '../../../docs/examples/fremont-map.json');

describe('the Fremont Bridge bicycle counter, through its column map', () => {
  test('sends a reading for every cell with a count, and loses no bicycle', async (context) => {
    const path = recording(context, file);
    const opened = await csv.open(path, { map });
    const { messages, readings } = await sentBy(opened);
    const rows = (await readFile(path, 'utf8'))
      .split(/\r?\n/)
      .slice(1)
      .filter((line) => line !== '')
      .map((line) => line.split(','));
    const cells = rows.flatMap((r) => [r[1]!, r[2]!]);
    expect(rows).toHaveLength(14_568);
    expect(readings).toHaveLength(cells.filter((c) => c !== '').length);
    expect(caveatNamed(opened, 'no-value')?.count).toBe(cells.filter((c) => c === '').length);
    const bicycles = readings.reduce((sum, r) => sum + (r.counts as { bicycle: number }).bicycle, 0);
    expect(bicycles).toBe(cells.reduce((sum, c) => sum + Number(c), 0));
    expect(firstMisfit(messages)).toBeUndefined();
    expect(opened.registry.installations).toEqual([
      { deviceId: 'fremont-bridge', siteId: 'fremont-bridge', periodS: 3_600, directions: ['NB', 'SB'] },
    ]);
  });

  test('the nights clocks go back: 24 rows for 25 hours, the repeated hour the earlier and named', async (context) => {
    const opened = await csv.open(recording(context, file), { map });
    const { readings } = await sentBy(opened);
    const northbound = (from: string, to: string) =>
      readings
        .filter((r) => r.direction === 'NB' && r.at >= Date.parse(from) && r.at <= Date.parse(to))
        .map((r) => [r.observedAt, (r.counts as { bicycle: number }).bicycle]);
    expect(northbound('2012-11-04T00:00:00-07:00', '2012-11-04T02:00:00-08:00')).toEqual([
      ['2012-11-04T07:00:00Z', 11],
      ['2012-11-04T08:00:00Z', 4],
      ['2012-11-04T10:00:00Z', 5],
    ]);
    expect(caveatNamed(opened, 'ambiguous-local-time')).toMatchObject({
      count: 4,
      examples: [
        'fremont-bridge NB 2012-11-04 01:00:00',
        'fremont-bridge SB 2012-11-04 01:00:00',
        'fremont-bridge NB 2013-11-03 01:00:00',
        'fremont-bridge SB 2013-11-03 01:00:00',
      ],
    });
  });

  test('the nights clocks go forward: 03:00 is printed twice, both are sent, and it is named', async (context) => {
    const opened = await csv.open(recording(context, file), { map });
    const { readings } = await sentBy(opened);
    const southbound = readings
      .filter(
        (r) =>
          r.direction === 'SB' &&
          r.observedAt.startsWith('2013-03-10T') &&
          r.at < Date.parse('2013-03-10T12:00:00Z'),
      )
      .map((r) => [r.observedAt.slice(11, 16), (r.counts as { bicycle: number }).bicycle]);
    // Printed 00:00, 01:00, 03:00, 03:00, (04:00 empty), PST before and PDT after; the hours before are of 9 March.
    expect(southbound.slice(-4)).toEqual([
      ['08:00', 2],
      ['09:00', 8],
      ['10:00', 0],
      ['10:00', 2],
    ]);
    expect(caveatNamed(opened, 'repeated-after-clock-change')).toMatchObject({
      count: 4,
      examples: expect.arrayContaining([
        'fremont-bridge NB 2013-03-10 03:00:00',
        'fremont-bridge SB 2014-03-09 03:00:00',
      ]),
    });
    expect(caveatNamed(opened, 'impossible-local-time')).toBeUndefined();
  });
});
