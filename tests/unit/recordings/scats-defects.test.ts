import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { scats } from '#ingest/recordings/scats.ts';
import { caveatNamed, sentBy } from './recorded.ts';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

const names = Array.from({ length: 96 }, (_, i) => `V${String(i).padStart(2, '0')}`);
const header = `,,,,,,,,,Start Time\nSCATS Number,Location,CD_MELWAY,NB_LATITUDE,NB_LONGITUDE,HF VicRoads Internal,VR Internal Stat,VR Internal Loc,NB_TYPE_SURVEY,Date,${names.join(',')}`;
const row = (date: string, volume: (i: number) => string | number) =>
  `0001,A_RD N of B_RD,,-37.8,145,1,1,1,1,${date},${names.map((_, i) => volume(i)).join(',')}`;

async function open(...rows: string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'scats-'));
  folders.push(folder);
  await writeFile(join(folder, 'scats_test.csv'), [header, ...rows, ''].join('\n'));
  return scats.open(folder, {});
}

test('the hour that clocks leave out is named, four quarters of it, and the rest of the day is sent', async () => {
  const opened = await open(row('29/10/06', (i) => i));
  const { readings } = await sentBy(opened);
  expect(readings).toHaveLength(92);
  expect(readings.at(-1)).toMatchObject({ count: 95, observedAt: '2006-10-29T12:45:00Z' });
  expect(caveatNamed(opened, 'impossible-local-time')).toMatchObject({
    count: 4,
    examples: expect.arrayContaining(['0001-1 2006-10-29 02:00:00']),
  });
});

test('the hour that clocks repeat is shown once: taken as the earlier pass, and named ambiguous', async () => {
  const opened = await open(row('2/4/06', (i) => i));
  const { readings } = await sentBy(opened);
  expect(readings).toHaveLength(96);
  expect(readings[8]).toMatchObject({ count: 8, observedAt: '2006-04-01T15:00:00Z' });
  expect(readings[12]).toMatchObject({ count: 12, observedAt: '2006-04-01T17:00:00Z' });
  expect(caveatNamed(opened, 'ambiguous-local-time')?.count).toBe(4);
});

test('two rows of one key are both sent, in their order', async () => {
  const { readings } = await sentBy(
    await open(
      row('1/10/06', () => 1),
      row('1/10/06', () => 2),
    ),
  );
  expect(readings).toHaveLength(192);
  expect(readings.filter((r) => r.observedAt === '2006-09-30T14:00:00Z').map((r) => r.count)).toEqual([1, 2]);
});

test('a negative volume is sent for admission to refuse; an empty or unreadable one is named', async () => {
  const opened = await open(row('1/10/06', (i) => ['-5', '', 'n/a'][i] ?? 7));
  const { readings } = await sentBy(opened);
  expect(readings.map((r) => r.count)).toEqual([-5, ...Array.from({ length: 93 }, () => 7)]);
  expect(caveatNamed(opened, 'no-value')?.count).toBe(1);
  expect(caveatNamed(opened, 'unreadable-value')?.examples).toEqual(['0001-1 2006-10-01 00:30:00: n/a']);
});

test('a row without a date is named, and a file that is no SCATS table is refused', async () => {
  const opened = await open(
    row('31/9/06', () => 1),
    row('1/10/06', () => 1),
  );
  expect((await sentBy(opened)).readings).toHaveLength(96);
  expect(caveatNamed(opened, 'unreadable-row')).toMatchObject({ count: 1, examples: ['row 3'] });
  await expect(scats.open(import.meta.filename, {})).rejects.toThrow(/no SCATS volume file/);
});
