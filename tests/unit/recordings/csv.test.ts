import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { csv } from '#ingest/recordings/csv.ts';
import { recording } from '../../shared-data.ts';
import { caveatNamed, firstMisfit, sentBy } from './recorded.ts';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function fileOf(...lines: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'csv-'));
  folders.push(folder);
  await writeFile(join(folder, 'counts.csv'), `${lines.join('\n')}\n`);
  return join(folder, 'counts.csv');
}

const seattle = ['timezone=America/Los_Angeles', 'time=time', 'format=yyyy-MM-dd HH:mm', 'device=d1'];
const fiveMinutes = (date: string, from: string, to: string) => {
  const lines: string[] = [];
  for (let at = Date.parse(`${date}T${from}Z`); at <= Date.parse(`${date}T${to}Z`); at += 300_000) {
    lines.push(new Date(at).toISOString().slice(0, 16).replace('T', ' '));
  }
  return lines;
};

describe('clock changes', () => {
  test('five-minute rows that run twice through the repeated hour are both passes', async () => {
    const times = [
      ...fiveMinutes('2013-11-03', '00:50', '01:55'),
      ...fiveMinutes('2013-11-03', '01:00', '02:05'),
    ];
    const path = await fileOf('time,n', ...times.map((t, i) => `${t},${i}`));
    const opened = await csv.open(path, { mapOptions: [...seattle, 'period=300', 'count=n'] });
    const { readings } = await sentBy(opened);
    expect(readings.map((r) => r.at)).toEqual(
      times.map((_, i) => Date.parse('2013-11-03T00:50:00-07:00') + i * 300_000),
    );
    expect(opened.caveats().map((c) => c.name)).toEqual(['no-position']);
  });

  test('hourly rows that print 01:00 twice are both passes; a five-minute row printed twice is a repeat', async () => {
    const hourly = await csv.open(
      await fileOf(
        'time,n',
        '2013-11-03 00:00,1',
        '2013-11-03 01:00,2',
        '2013-11-03 01:00,3',
        '2013-11-03 02:00,4',
      ),
      { mapOptions: [...seattle, 'period=3600', 'count=n'] },
    );
    expect((await sentBy(hourly)).readings.map((r) => r.observedAt.slice(11, 16))).toEqual([
      '07:00',
      '08:00',
      '09:00',
      '10:00',
    ]);
    const repeated = await csv.open(
      await fileOf('time,n', '2013-11-03 01:00,2', '2013-11-03 01:00,2', '2013-11-03 01:05,3'),
      { mapOptions: [...seattle, 'period=300', 'count=n'] },
    );
    expect((await sentBy(repeated)).readings.map((r) => r.observedAt.slice(11, 16))).toEqual([
      '08:00',
      '08:00',
      '08:05',
    ]);
    expect(caveatNamed(repeated, 'ambiguous-local-time')?.count).toBe(3);
  });

  test('each device has its own passes, however the rows are mixed', async () => {
    const path = await fileOf(
      'time,dev,n',
      '2013-11-03 01:00,a,1',
      '2013-11-03 01:00,b,1',
      '2013-11-03 01:00,a,2',
      '2013-11-03 02:00,a,3',
      '2013-11-03 02:00,b,3',
    );
    const opened = await csv.open(path, {
      mapOptions: [...seattle, 'device-column=dev', 'period=3600', 'count=n'],
    });
    const { readings } = await sentBy(opened);
    const of = (id: string) =>
      readings.filter((r) => r.deviceId === id).map((r) => r.observedAt.slice(11, 16));
    expect(of('a')).toEqual(['08:00', '09:00', '10:00']);
    expect(of('b')).toEqual(['08:00', '10:00']);
    expect(caveatNamed(opened, 'ambiguous-local-time')).toMatchObject({
      count: 1,
      examples: ['b 2013-11-03 01:00:00'],
    });
  });

  test('a time inside the hour that never was is named and not sent', async () => {
    const path = await fileOf('time,n', '2013-03-10 01:55,1', '2013-03-10 02:00,2', '2013-03-10 03:00,3');
    const opened = await csv.open(path, { mapOptions: [...seattle, 'period=300', 'count=n'] });
    expect((await sentBy(opened)).readings.map((r) => r.observedAt)).toEqual([
      '2013-03-10T09:55:00Z',
      '2013-03-10T10:00:00Z',
    ]);
    expect(caveatNamed(opened, 'impossible-local-time')?.examples).toEqual(['d1 2013-03-10 02:00:00']);
  });

  test('where the interval ends at the printed time, the end is looked up and the start reckoned from it', async () => {
    const path = await fileOf('time,n', '2013-03-10 03:00,1', '2013-03-10 03:15,2');
    const opened = await csv.open(path, { mapOptions: [...seattle, 'period=900', 'prints=end', 'count=n'] });
    expect((await sentBy(opened)).readings.map((r) => r.observedAt)).toEqual([
      '2013-03-10T09:45:00Z',
      '2013-03-10T10:00:00Z',
    ]);
  });
});

describe('rows that can not be read', () => {
  test('each is named with its row, and the rest is sent', async () => {
    const path = await fileOf(
      'time,n,v',
      '2013-06-01 00:00,1,30',
      '2013-06-31 00:05,2,30',
      'yesterday,3,30',
      '2013-06-01 00:10',
      '2013-06-01 00:15,many,30',
      '2013-06-01 00:20,"5",-',
      '2013-06-01 00:25,6,30',
    );
    const opened = await csv.open(path, {
      mapOptions: [...seattle, 'period=300', 'count=n', 'speedKmh=v*1.609344', 'no-value=-'],
    });
    const { readings, messages } = await sentBy(opened);
    expect(readings.map((r) => [r.observedAt.slice(14, 16), r.count, r.speedKmh])).toEqual([
      ['00', 1, 48.28032],
      ['15', undefined, 48.28032],
      ['20', 5, undefined],
      ['25', 6, 48.28032],
    ]);
    expect(firstMisfit(messages)).toBeUndefined();
    expect(caveatNamed(opened, 'unreadable-time')).toMatchObject({
      count: 2,
      examples: ['row 3: 2013-06-31 00:05', 'row 4: yesterday'],
    });
    expect(caveatNamed(opened, 'no-value')?.examples).toEqual(['d1, row 5: 2013-06-01 00:10']);
    expect(caveatNamed(opened, 'unreadable-value')?.examples).toEqual(['row 6, n: many']);
  });

  test('a count of 3.5 or -1 is a reading like any other: admission judges it, not we', async () => {
    const path = await fileOf('time,n', '2013-06-01 00:00,3.5', '2013-06-01 00:05,-1');
    const opened = await csv.open(path, { mapOptions: [...seattle, 'period=300', 'count=n'] });
    expect((await sentBy(opened)).readings.map((r) => r.count)).toEqual([3.5, -1]);
  });

  test('a file that runs backwards is read from its end where the map says so, and noticed where not', async () => {
    const path = await fileOf(
      'time,n',
      '2013-11-03 02:00,4',
      '2013-11-03 01:00,3',
      '2013-11-03 01:00,2',
      '2013-11-03 00:00,1',
    );
    const options = [...seattle, 'period=3600', 'count=n'];
    const read = await sentBy(await csv.open(path, { mapOptions: [...options, 'newest-first=true'] }));
    expect(read.readings.map((r) => [r.count, r.observedAt.slice(11, 16)])).toEqual([
      [1, '07:00'],
      [2, '08:00'],
      [3, '09:00'],
      [4, '10:00'],
    ]);
    const unaware = await csv.open(path, { mapOptions: options });
    await sentBy(unaware);
    expect(caveatNamed(unaware, 'out-of-order')?.detail).toContain('newestFirst');
  });
});

describe('devices, directions and lanes from columns', () => {
  test('are registered as they are seen, with what they report', async () => {
    const path = await fileOf(
      'when,station,dir,lane,flow',
      '1370044800,Main St #1,N,1,5',
      '1370044800,Main St #1,N,2,6',
      '1370044800,Main St #1,S,1,7',
      '1370044800,42,,,8',
      '1370044800,,,,9',
    );
    const opened = await csv.open(path, {
      timezone: 'Europe/London',
      mapOptions: [
        'time=when',
        'format=unix-s',
        'device-column=station',
        'direction-column=dir',
        'lane-column=lane',
        'period=60',
        'count=flow',
      ],
    });
    expect(opened.registry.installations).toEqual([
      { deviceId: 'Main-St-1', siteId: 'Main-St-1', periodS: 60, lanes: [1, 2], directions: ['N', 'S'] },
      { deviceId: '42', siteId: '42', periodS: 60 },
    ]);
    expect(opened.registry.sites[0]).toEqual({ siteId: 'Main-St-1', name: 'Main St #1' });
    const { readings } = await sentBy(opened);
    expect(readings.map((r) => [r.deviceId, r.direction, r.lane, r.count])).toEqual([
      ['Main-St-1', 'N', 1, 5],
      ['Main-St-1', 'N', 2, 6],
      ['Main-St-1', 'S', 1, 7],
      ['42', undefined, undefined, 8],
    ]);
    expect(readings[0]!.observedAt).toBe('2013-06-01T00:00:00Z');
    expect(caveatNamed(opened, 'no-device')?.examples).toEqual(['row 6']);
  });

  test('two names that come to one id are refused', async () => {
    const path = await fileOf(
      'time,dev,n',
      '2013-06-01 00:00,a b,1',
      '2013-06-01 00:00,a  b,1',
      '2013-06-01 00:00,a/b,1',
    );
    const options = { mapOptions: [...seattle, 'device-column=dev', 'period=300', 'count=n'] };
    await expect(csv.open(path, options)).rejects.toThrow(/two devices .* come to one id/);
  });
});

describe('a map that does not fit is refused with the reason', () => {
  test.each([
    [['cnt=n'], /Unrecognized key: "cnt"/],
    [['count=flow'], /no column flow/],
    [['count=n', 'timezone=Mars/Olympus'], /timezone: no IANA time zone/],
    [['count=n', 'format=HH:mm'], /time\.format/],
    [['counts.hovercraft=n'], /hovercraft/],
    [['count'], /count is no map option/],
    [[], /series/],
  ])('%j', async (extra, reason) => {
    const path = await fileOf('time,n', '2013-06-01 00:00,1');
    await expect(csv.open(path, { mapOptions: [...seattle, 'period=300', ...extra] })).rejects.toThrow(
      reason,
    );
  });

  test('a traffic map without a period', async () => {
    const path = await fileOf('time,n', '2013-06-01 00:00,1');
    await expect(csv.open(path, { mapOptions: [...seattle, 'count=n'] })).rejects.toThrow(/periodS/);
  });
});

describe('recordings of others', () => {
  test('PeMS: dates are dd/mm, each of 27 full weekdays is there, no vehicle is lost', async (context) => {
    const opened = await csv.open(recording(context, 'road/pems-single-station/train.csv'), {
      mapOptions: [
        'timezone=America/Los_Angeles',
        'time=5 Minutes',
        'format=dd/MM/yyyy H:mm',
        'period=300',
        'device=pems',
        'lane=1',
        'count=Lane 1 Flow (Veh/5 Minutes)',
      ],
    });
    const { readings } = await sentBy(opened);
    expect(readings).toHaveLength(7_776);
    expect(readings[0]).toMatchObject({ observedAt: '2016-01-04T08:00:00Z', count: 12, lane: 1 });
    expect(readings.at(-1)!.at).toBe(Date.parse('2016-02-29T23:55:00-08:00'));
    const weekdays = new Set(readings.map((r) => new Date(r.at - 8 * 3_600_000).getUTCDay()));
    expect([...weekdays].sort()).toEqual([1, 2, 3, 4, 5]);
  });

  test('NAB: mph and per cent come out in km/h and shares', async (context) => {
    const options = [
      'timezone=America/Chicago',
      'time=timestamp',
      'format=yyyy-MM-dd HH:mm:ss',
      'period=300',
      'device=6005',
    ];
    const speed = await csv.open(recording(context, 'road/nab-real-traffic/speed_6005.csv'), {
      mapOptions: [...options, 'speedKmh=value*1.609344'],
    });
    const speeds = (await sentBy(speed)).readings;
    expect(speeds).toHaveLength(2_500);
    expect(speeds[0]).toMatchObject({ observedAt: '2015-08-31T23:22:00Z' });
    expect(speeds[0]!.speedKmh).toBeCloseTo(144.84096, 9);
    const occupancy = await csv.open(recording(context, 'road/nab-real-traffic/occupancy_6005.csv'), {
      mapOptions: [...options, 'occupancy=value*0.01'],
    });
    const shares = (await sentBy(occupancy)).readings.map((r) => r.occupancy as number);
    expect(shares).toHaveLength(2_380);
    expect(Math.max(...shares)).toBeCloseTo(0.2228, 9);
  });
});
