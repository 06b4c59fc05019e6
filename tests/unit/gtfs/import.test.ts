import { afterEach, describe, expect, it } from 'vitest';
import { readManifest, writeManifest } from '#analytics/lake/manifest.ts';
import { importText, removeTemporaryFolders, smallFeed } from './small-feed.ts';

afterEach(removeTemporaryFolders);

/** The small feed with lines of one file replaced or added. */
function withLines(file: keyof typeof smallFeed, ...lines: string[]) {
  return { ...smallFeed, [file]: `${smallFeed[file]}${lines.join('\n')}\n` };
}

describe('a feed in order', () => {
  it('is taken without a finding, its stops placed along the shape', async () => {
    const feed = await importText(smallFeed);
    expect(feed.findings()).toEqual([]);
    expect(feed.result).toMatchObject({
      type: 'imported',
      version: {
        version: 1,
        validFrom: '2024-05-01',
        lastDate: '2024-05-31',
        timezone: 'Europe/Berlin',
        counts: { routes: 1, stops: 4, trips: 1, patterns: 1, stopTimes: 4 },
      },
    });
    expect(
      await feed.rows(
        'SELECT stop_id, arrival_s, departure_s, round(along_m) AS along_m FROM timetable_stop_times ORDER BY position',
      ),
    ).toEqual([
      { stop_id: 'A', arrival_s: 28_800, departure_s: 28_800, along_m: 0 },
      { stop_id: 'B', arrival_s: 28_920, departure_s: 28_940, along_m: 1_000 },
      { stop_id: 'C', arrival_s: 29_040, departure_s: 29_060, along_m: 2_000 },
      { stop_id: 'D', arrival_s: 29_160, departure_s: 29_160, along_m: 3_000 },
    ]);
    // 23 weekdays in May 2024.
    expect(await feed.rows('SELECT count(*) AS days FROM timetable_service_dates')).toEqual([{ days: 23 }]);
  });

  it('is read as spreadsheets leave it: byte order mark, CRLF, quotes, blanks, short rows, strange columns', async () => {
    const stops =
      '\uFEFF"stop_id", Stop_Name ,stop_lat,stop_lon,note\r\nA,"Alpha, ""old""\r\nMarket",0,1.000000,\r\nB, Beta ,0,1.008993,x\r\nC,Gamma,0,1.017986\r\nD,Delta,0,1.026980,y\r\n';
    const feed = await importText({ ...smallFeed, stops });
    expect(feed.findings()).toEqual([]);
    expect(await feed.rows('SELECT stop_id, name FROM timetable_stops ORDER BY 1 LIMIT 2')).toEqual([
      { stop_id: 'A', name: 'Alpha, "old"\r\nMarket' },
      { stop_id: 'B', name: 'Beta' },
    ]);
  });

  it('in another encoding is read as ISO 8859-1, and that is said', async () => {
    const stops = Buffer.from(smallFeed.stops.replace('Alpha', 'Älpha'), 'latin1');
    const feed = await importText({ ...smallFeed, stops });
    expect(feed.findings()).toEqual(['warning not-utf8 stops 1']);
    expect(await feed.rows("SELECT name FROM timetable_stops WHERE stop_id = 'A'")).toEqual([
      { name: 'Älpha' },
    ]);
  });
});

describe('days of service', () => {
  it('may come from calendar_dates alone', async () => {
    const feed = await importText({
      ...smallFeed,
      calendar: undefined,
      calendar_dates: 'service_id,date,exception_type\nweek,20240510,1\nweek,20240512,1\nweek,20240513,2\n',
    });
    expect(feed.findings()).toEqual(['note missing-file calendar 1']);
    expect(await feed.rows('SELECT date FROM timetable_service_dates')).toEqual([
      { date: '2024-05-10' },
      { date: '2024-05-12' },
    ]);
  });

  it('of the week are added to and taken from by calendar_dates', async () => {
    const feed = await importText({
      ...smallFeed,
      calendar_dates: 'service_id,date,exception_type\nweek,20240501,2\nweek,20240504,1\n',
    });
    expect(await feed.rows('SELECT min(date) AS first, count(*) AS n FROM timetable_service_dates')).toEqual([
      { first: '2024-05-02', n: 23 },
    ]);
  });

  it('are missed where a trip names a service that there is not', async () => {
    const feed = await importText(withLines('trips', 'r,sunday,t2,0,s'));
    expect(feed.findings()).toEqual([
      'error dangling-service trips 1',
      'error too-few-stops trips 1',
      'warning no-dates calendar 1',
    ]);
  });
});

describe('times', () => {
  it('past 24:00 belong to the day on which the trip began', async () => {
    const stop_times =
      'trip_id,arrival_time,departure_time,stop_id,stop_sequence\nt1,23:59:00,23:59:00,A,1\nt1,24:01:00,24:01:00,B,2\nt1,25:03:00,25:03:00,D,9\n';
    const feed = await importText({ ...smallFeed, stop_times });
    expect(feed.findings()).toEqual(
      ['note past-midnight stop_times 1', 'warning unused-stop stops 1'].sort().reverse(),
    );
    expect(await feed.rows('SELECT start_s, end_s FROM timetable_trips')).toEqual([
      { start_s: 86_340, end_s: 90_180 },
    ]);
  });

  it('that are left out are filled in by distance', async () => {
    const stop_times =
      'trip_id,arrival_time,departure_time,stop_id,stop_sequence,timepoint\nt1,8:00:00,8:00:00,A,1,1\nt1,,,B,2,0\nt1,,,C,3,\nt1,8:06:00,8:06:00,D,4,1\n';
    const feed = await importText({ ...smallFeed, stop_times });
    expect(feed.findings()).toEqual(['note untimed-stops stop_times 1']);
    expect(
      await feed.rows(
        'SELECT arrival_s - 28800 AS s, interpolated, timepoint FROM timetable_stop_times ORDER BY position',
      ),
    ).toEqual([
      { s: 0, interpolated: false, timepoint: true },
      { s: 120, interpolated: true, timepoint: false },
      { s: 240, interpolated: true, timepoint: false },
      { s: 360, interpolated: false, timepoint: true },
    ]);
  });

  it('that are none, or go back, are named, and the rest goes on', async () => {
    const stop_times =
      'trip_id,arrival_time,departure_time,stop_id,stop_sequence\nt1,08:00:00,08:00:00,A,1\nt1,08:03:00,08:02:00,B,2\nt1,08:02:30,08:62:00,C,3\nt1,08:06:00,08:06:00,D,4\n';
    const feed = await importText({ ...smallFeed, stop_times });
    expect(feed.findings()).toEqual([
      'error bad-time stop_times 1',
      'error negative-dwell stop_times 1',
      'error time-goes-back stop_times 1',
    ]);
    expect(
      await feed.rows(
        "SELECT departure_s - arrival_s AS dwell_s FROM timetable_stop_times WHERE stop_id = 'B'",
      ),
    ).toEqual([{ dwell_s: 0 }]);
  });

  it('by headway make a trip of each run', async () => {
    const feed = await importText({
      ...smallFeed,
      frequencies:
        'trip_id,start_time,end_time,headway_secs,exact_times\nt1,06:00:00,06:30:00,600,\nghost,06:00:00,07:00:00,600,0\n',
    });
    expect(feed.findings()).toEqual(['error dangling-trip frequencies 1', 'note frequencies frequencies 1']);
    expect(
      await feed.rows('SELECT trip_id, times_id, start_s, shift_s, timing FROM timetable_trips ORDER BY 1'),
    ).toEqual([
      { trip_id: 't1@06:00:00', times_id: 't1', start_s: 21_600, shift_s: -7_200, timing: 'headway' },
      { trip_id: 't1@06:10:00', times_id: 't1', start_s: 22_200, shift_s: -6_600, timing: 'headway' },
      { trip_id: 't1@06:20:00', times_id: 't1', start_s: 22_800, shift_s: -6_000, timing: 'headway' },
    ]);
  });
});

describe('ids that point nowhere', () => {
  it('are named one kind at a time, and what rests on them is left out', async () => {
    const feed = await importText({
      ...withLines('trips', 'nowhere,week,t2,0,s', 'r,week,t3,0,ghost'),
      stop_times: `${smallFeed.stop_times}t3,09:00:00,09:00:00,A,1\nt3,09:01:00,09:01:00,X,2\nt3,09:06:00,09:06:00,D,3\nt9,09:00:00,09:00:00,A,1\nt2,09:00:00,09:00:00,A,1\nt2,09:09:00,09:09:00,B,2\n`,
      transfers: 'from_stop_id,to_stop_id,transfer_type\nA,B,0\nA,X,2\n',
    });
    expect(feed.findings()).toEqual([
      'error dangling-route trips 1',
      'error dangling-shape trips 1',
      'error dangling-trip stop_times 1',
      'error dangling-stop stop_times 1',
      'error dangling-stop transfers 1',
      'warning no-shape trips 1',
      'note transfers transfers 2',
    ]);
    expect(await feed.rows('SELECT trip_id FROM timetable_trips ORDER BY 1')).toEqual([
      { trip_id: 't1' },
      { trip_id: 't3' },
    ]);
  });

  it('given twice count once', async () => {
    const feed = await importText(withLines('routes', 'r,a,2,Two,3'));
    expect(feed.findings()).toEqual(['error duplicate-id routes 1']);
    expect(await feed.rows('SELECT short_name FROM timetable_routes')).toEqual([{ short_name: '1' }]);
  });
});

describe('places', () => {
  it('without shapes are joined by straight lines', async () => {
    const feed = await importText({ ...smallFeed, shapes: undefined });
    expect(feed.findings()).toEqual([
      'warning missing-file shapes 1',
      'error dangling-shape trips 1',
      'warning no-shape trips 1',
    ]);
    expect(await feed.rows('SELECT way_basis, round(length_m) AS m FROM timetable_patterns')).toEqual([
      { way_basis: 'straight', m: 3_000 },
    ]);
  });

  it('of stations and platforms are told apart', async () => {
    const stops =
      'stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\nA,Alpha,0,1,0,S\nB,Beta,0,1.008993,0,X\nC,Gamma,0,1.017986,0,A\nD,Delta,0,1.026980,1,\nS,Station,0,1,1,\n';
    expect((await importText({ ...smallFeed, stops })).findings()).toEqual([
      'error dangling-station stops 1',
      'error parent-is-no-station stops 1',
      'warning stop-at-station stop_times 1',
      'note stations stops 3',
    ]);
  });

  it('on a loop are taken in their order: the line comes by the first stop again at its end', async () => {
    // A square of 1 km: A at the corner, B on the way, C opposite, and A again.
    const side = 0.008993;
    const feed = await importText({
      ...smallFeed,
      stops: `stop_id,stop_name,stop_lat,stop_lon\nA,a,0,0.5\nB,b,0,${0.5 + side}\nC,c,${side},${0.5 + side}\n`,
      shapes: `shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\ns,0,0.5,1\ns,0,${0.5 + side},2\ns,${side},${0.5 + side},3\ns,${side},0.5,4\ns,0,0.5,5\n`,
      stop_times:
        'trip_id,arrival_time,departure_time,stop_id,stop_sequence\nt1,08:00:00,08:00:00,A,1\nt1,08:02:00,08:02:20,B,2\nt1,08:04:00,08:04:20,C,3\nt1,08:08:00,08:08:00,A,4\n',
    });
    expect(feed.findings()).toEqual(['note loop trips 1']);
    expect(
      (await feed.rows('SELECT round(along_m, -1) AS m FROM timetable_pattern_stops ORDER BY position')).map(
        (r) => r.m,
      ),
    ).toEqual([0, 1_000, 2_000, 4_000]);
  });
});

describe('a feed that is no timetable', () => {
  it.each([
    ['missing-file', { ...smallFeed, stop_times: undefined }],
    ['missing-file', { ...smallFeed, calendar: undefined }],
    ['no-trips', { ...smallFeed, trips: 'route_id,service_id,trip_id\n' }],
    ['no-service', { ...smallFeed, calendar: smallFeed.calendar.replace('1,1,1,1,1', '0,0,0,0,0') }],
    ['no-timezone', { ...smallFeed, agency: smallFeed.agency.replace('Europe/Berlin', 'Mars/Base') }],
  ])('is refused as %s', async (code, feed) => {
    const { result } = await importText(feed);
    expect(result.type).toBe('refused');
    expect(result.type === 'refused' && result.findings[0]!.code).toBe(code);
  });
});

/** Rows of trips by service date, as a night would have noted them. */
function noteMatched(directory: string, rows: Record<string, number>): void {
  const manifest = readManifest(directory);
  manifest.derived.trips_performed = Object.fromEntries(
    Object.entries(rows).map(([date, n]) => [date, { path: '', version: 1, restsOn: [], rows: n }]),
  );
  writeManifest(directory, manifest);
}

describe('versions', () => {
  it('are kept: a day has the timetable that held then', async () => {
    const first = await importText(smallFeed);
    const later = { ...smallFeed, stop_times: smallFeed.stop_times.replaceAll('t1,08', 't1,09') };
    const second = await importText(later, { directory: first.directory, validFrom: '2024-05-20' });
    expect(second.result).toMatchObject({
      type: 'imported',
      version: { version: 2, validFrom: '2024-05-20' },
    });
    expect(
      await second.rows('SELECT timetable, valid_from, valid_to FROM timetables ORDER BY version'),
    ).toEqual([
      { timetable: 'city/1', valid_from: '2024-05-01', valid_to: '2024-05-20' },
      { timetable: 'city/2', valid_from: '2024-05-20', valid_to: '9999-12-31' },
    ]);
  });

  describe('that come later', () => {
    const later = { ...smallFeed, stop_times: smallFeed.stop_times.replaceAll('t1,08', 't1,09') };
    const now = Date.parse('2024-05-20T22:30:00Z'); // 21 May in Berlin

    it('leave past dates the timetable they had, though their calendar begins before', async () => {
      const { directory } = await importText(smallFeed, { now });
      const { result } = await importText(later, { directory, now });
      expect(result).toMatchObject({
        version: { validFrom: '2024-05-21' },
        validity: { replaces: 'city/1', putOffFrom: '2024-05-01' },
      });
      expect(result).not.toHaveProperty('validity.past');
    });

    it('leave matched dates theirs too, though the clock says that they have not passed', async () => {
      const { directory } = await importText(smallFeed, { now: 0 });
      noteMatched(directory, { '2024-05-16': 12, '2024-05-17': 9, '2024-05-18': 0 });
      expect((await importText(later, { directory, now: 0 })).result).toMatchObject({
        version: { validFrom: '2024-05-18' },
      });
    });

    it('hold from where they are asked to, and say which past dates that changes', async () => {
      const { directory } = await importText(smallFeed, { now });
      noteMatched(directory, { '2024-05-16': 12, '2024-05-17': 9 });
      const { result } = await importText(later, { directory, now, validFrom: '2024-05-17' });
      expect(result).toMatchObject({
        version: { validFrom: '2024-05-17' },
        validity: { replaces: 'city/1', past: { first: '2024-05-17', last: '2024-05-20', matched: 1 } },
      });
    });

    it('hold until the one that was imported for later does', async () => {
      const { directory } = await importText(smallFeed, { now });
      const june = {
        ...smallFeed,
        calendar: smallFeed.calendar.replace('20240501,20240531', '20240601,20240630'),
      };
      expect((await importText(june, { directory, now })).result).toMatchObject({
        version: { validFrom: '2024-06-03' },
        validity: { replaces: 'city/1' },
      });
      expect((await importText(later, { directory, now })).result).toMatchObject({
        validity: {
          validFrom: '2024-05-21',
          replaces: 'city/1',
          until: { date: '2024-06-03', version: 'city/2' },
        },
      });
    });

    it('are for the past where their service has ended: only what was matched is kept from them', async () => {
      const years = Date.parse('2026-01-01T00:00:00Z');
      const { directory } = await importText(smallFeed, { now: years });
      noteMatched(directory, { '2024-05-16': 12 });
      expect((await importText(later, { directory, now: years })).result).toMatchObject({
        version: { validFrom: '2024-05-17' },
      });
    });
  });

  it('are not made by the same feed again', async () => {
    const first = await importText(smallFeed);
    expect(await importText(smallFeed, { directory: first.directory })).toMatchObject({
      result: { type: 'unchanged', version: { version: 1 } },
    });
  });
});
