import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getMeasure } from '#analytics/measures/measures.ts';
import { runMeasure } from '#analytics/measures/run-measure.ts';
import { removeTemporaryFolders } from '../../unit/gtfs/small-feed.ts';
import { type Line, lineLake, type Performed, type Seen } from './line-lake.ts';

let line: Line;
beforeAll(async () => {
  line = await lineLake();
});
afterAll(() => {
  line.db.closeSync();
  removeTemporaryFolders();
});

/** Departures from A at these minutes after 08:00, trip by trip; null where nobody saw one. */
const fromA = (...minutes: (number | null)[]): Seen[] =>
  minutes.flatMap((departure, i) =>
    departure === null ? [] : [{ trip: i + 1, stop: 'A' as const, departure }],
  );

describe('excess wait', () => {
  it('is the actual wait less the scheduled one', async () => {
    // H: five times 10 min, SWT = 500 / 100 = 5. h: 14, 6, 10, 10, 10, AWT = 532 / 100 = 5.32.
    const [a] = await line.ask('excess-wait', fromA(0, 14, 20, 30, 40, 50), { by: 'stop' });
    expect(a).toMatchObject({
      stop_id: 'A',
      departures: 6,
      headways: 5,
      left_out: 0,
      observed_share: 1,
      withheld: null,
    });
    expect(a!.swt_min).toBeCloseTo(5, 9);
    expect(a!.awt_min).toBeCloseTo(5.32, 9);
    expect(a!.ewt_min).toBeCloseTo(0.32, 9);
  });

  it('leaves out a headway that spans a trip nobody saw, and is withheld below nine trips in ten', async () => {
    const seen = fromA(0, 14, null, 30, 40, 50);
    const [withheld] = await line.ask('excess-wait', seen, { by: 'stop' });
    expect(withheld).toMatchObject({ ewt_min: null, left_out: 1, withheld: 'only 83.3 % of trips observed' });
    // h: 14, 10, 10; AWT = 396 / 68.
    const [shown] = await line.ask('excess-wait', seen, { by: 'stop', observed_at_least: 0.8 });
    expect(shown!.ewt_min).toBeCloseTo(396 / 68 - 5, 9);
  });

  it('counts the wait that a canceled trip makes', async () => {
    // h: 14, 16, 10, 10; AWT = 652 / 100.
    const [a] = await line.ask('excess-wait', fromA(0, 14, null, 30, 40, 50), { by: 'stop' }, [
      { trip: 3, relationship: 'canceled' },
    ]);
    expect(a).toMatchObject({ observed_share: 1, left_out: 0 });
    expect(a!.ewt_min).toBeCloseTo(1.52, 9);
  });

  // Departures from C at their times, but for trip 3, which was seen on its way and not here: h: 10, 20, 10, 10; AWT = 700 / 100.
  const withoutThird: Seen[] = [1, 2, 4, 5, 6].map((trip) => ({
    trip,
    stop: 'C' as const,
    departure: (trip - 1) * 10 + 4 + 1 / 3,
  }));
  const leaving: [how: string, third: Omit<Performed, 'trip'>][] = [
    ['beyond where it was cut short', { to: 'B', ended: 'short' }],
    ['before where it began short', { from: 'D', began: 'short' }],
    ['that the feed said it skips', { skipped: ['C'] }],
    ['that it was seen to go around', { detour: true }],
  ];
  it.each(leaving)('counts the wait that a trip makes by leaving out a call %s', async (_, third) => {
    const [c] = await line.ask('excess-wait', withoutThird, { by: 'stop', stop: 'C' }, [
      { trip: 3, ...third },
    ]);
    expect(c).toMatchObject({ stop_id: 'C', observed_share: 1, left_out: 0, withheld: null });
    expect(c!.ewt_min).toBeCloseTo(2, 9);
  });

  it('leaves out the headway where it may have been silent at the stop, or nobody knows where it went on', async () => {
    for (const how of [
      { detour: true, longestGapS: 301 },
      { to: 'B', ended: 'unobserved' },
    ] as const) {
      const [c] = await line.ask('excess-wait', withoutThird, { by: 'stop', stop: 'C' }, [
        { trip: 3, ...how },
      ]);
      expect(c).toMatchObject({ left_out: 1, withheld: 'only 83.3 % of trips observed' });
    }
  });

  it('is of frequent service only', async () => {
    expect(await line.ask('excess-wait', fromA(0, 10), { by: 'stop', frequent_per_h: 7 })).toEqual([]);
  });
});

describe('observed headways', () => {
  it('ask no timetable: mean, longest, and the wait of those who come at random', async () => {
    // h: 14, 6, 10, 30; mean 15; wait = (196 + 36 + 100 + 900) / (2 * 60); 30 is over twice the median of 12.
    const [a] = await line.ask('headways', fromA(0, 14, 20, 30, 60));
    expect(a).toMatchObject({
      stop_id: 'A',
      headways: 4,
      mean_min: 15,
      p50_min: 12,
      longest_min: 30,
      big_gaps: 1,
    });
    expect(a!.wait_min).toBeCloseTo(1_232 / 120, 9);
  });

  it('leave out the last stop, where nobody waits, and other stops than the one asked for', async () => {
    const seen: Seen[] = [1, 2].flatMap((trip) => [
      { trip, stop: 'A', departure: trip * 10 },
      { trip, stop: 'B', departure: trip * 10 + 2 },
      { trip, stop: 'D', arrival: trip * 10 + 6 },
    ]);
    expect((await line.ask('headways', seen)).map((r) => r.stop_id)).toEqual(['A', 'B']);
    expect(await line.ask('headways', seen, { stop: 'B' })).toMatchObject([{ stop_id: 'B', headways: 1 }]);
    expect(
      (await line.ask('on-time-performance', seen, { by: 'stop', stop: 'B' })).map((r) => r.stop_id),
    ).toEqual(['B']);
  });
});

it('headway adherence is sd(h - H) / mean H', async () => {
  // h - H: 4, -4, 0, 0, 0; sd = sqrt(32 / 4).
  const [a] = await line.ask('headway-adherence', fromA(0, 14, 20, 30, 40, 50));
  expect(a).toMatchObject({ headways: 5, mean_scheduled_s: 600, mean_headway_s: 600 });
  expect(a!.adherence_cv).toBeCloseTo(Math.sqrt(8) / 10, 9);
});

describe('bunching', () => {
  it('is under a quarter of the scheduled headway, a gap over twice of it', async () => {
    // h: 18, 2, 10, 10, 22.
    const [a] = await line.ask('bunching', fromA(0, 18, 20, 30, 40, 62));
    expect(a).toMatchObject({ headways: 5, bunched: 1, bunched_share: 0.2, gaps: 1, gap_share: 0.2 });
    expect(a!.bounds).toBe('h < 0.25 H; h > 2.0 H');
  });

  it('is no gap where a trip in it was not seen', async () => {
    const [a] = await line.ask('bunching', fromA(0, 10, null, 35, 40, 50));
    expect(a).toMatchObject({ headways: 4, gaps: 0, bunched: 0 });
  });

  it('finds the overtaken: order is that of passing', async () => {
    // Trip 2 at 21, trip 3 at 20: h 20 for trip 3, 1 for trip 2, 9 for trip 4.
    const [a] = await line.ask('bunching', fromA(0, 21, 20, 30, 40, 50), { bunched_rule: 'seconds' });
    expect(a).toMatchObject({ headways: 5, bunched: 1, gaps: 0 });
  });
});

describe('on-time performance', () => {
  it('is of departures seen, within printed bounds', async () => {
    // A: 1.5 min early, 4 late, 6 late, on time; two not seen.
    const [a] = await line.ask('on-time-performance', fromA(-1.5, 14, 26, 30, null, null), { by: 'stop' });
    expect(a).toMatchObject({
      stop_id: 'A',
      scheduled: 6,
      observed: 4,
      on_time_share: 0.5,
      early_share: 0.25,
      late_share: 0.25,
      median_s: 120,
      bounds: '-60 to +300 s',
    });
    expect(a!.observed_share).toBeCloseTo(4 / 6, 9);
  });

  it('is of arrival at the last stop, of departure where a dwell is scheduled', async () => {
    const seen: Seen[] = [
      { trip: 1, stop: 'D', arrival: 12, departure: 13 },
      // Arrived on time, and nobody saw it leave: B has a dwell, so that says nothing.
      { trip: 1, stop: 'B', arrival: 2 },
    ];
    const rows = await line.ask('on-time-performance', seen, { by: 'stop' });
    expect(rows.find((r) => r.stop_id === 'D')).toMatchObject({ observed: 1, median_s: 360, late_share: 1 });
    expect(rows.find((r) => r.stop_id === 'B')).toMatchObject({ observed: 0 });
  });
});

describe('run time', () => {
  it('has p50 for the timetable and p85 to p95 for recovery', async () => {
    // Trips of 6, 7, 8, 9 and 10 min: p50 8, p85 9.4, p95 9.8.
    const seen = [6, 7, 8, 9, 10].flatMap((run, i): Seen[] => [
      { trip: i + 1, stop: 'A', departure: i * 10 },
      { trip: i + 1, stop: 'D', arrival: i * 10 + run },
    ]);
    const [r] = await line.ask('run-time', seen);
    expect(r).toMatchObject({ runs: 5, hour: 8, scheduled_s: 360, p50_s: 480 });
    expect(r!.p85_s).toBeCloseTo(564, 6);
    expect(r!.p95_s).toBeCloseTo(588, 6);
    expect(r!.recovery_s).toBeCloseTo(108, 6);
  });

  it('by segment is from a departure to the next arrival', async () => {
    const seen: Seen[] = [
      { trip: 1, stop: 'A', departure: 0 },
      { trip: 1, stop: 'B', arrival: 3, departure: 4 },
      { trip: 1, stop: 'D', arrival: 9 },
    ];
    // C was not seen: there is no segment into it or out of it.
    expect(await line.ask('run-time', seen, { by: 'segment' })).toMatchObject([
      { from_stop: 'A', to_stop: 'B', p50_s: 180, scheduled_s: 120 },
    ]);
  });
});

it('dwell leaves out ends of the line and visits known too roughly', async () => {
  const seen: Seen[] = [
    { trip: 1, stop: 'B', arrival: 2, departure: 2.25 },
    { trip: 2, stop: 'B', arrival: 12, departure: 12.75 },
    { trip: 3, stop: 'B', arrival: 22, departure: 23, withinS: 30 },
    { trip: 3, stop: 'A', arrival: 15, departure: 20 },
  ];
  expect(await line.ask('dwell', seen)).toMatchObject([
    { stop_id: 'B', visits: 2, left_out: 1, mean_s: 30, p50_s: 30, scheduled_s: 20 },
  ]);
});

it('segment speeds find the slow zone', async () => {
  // A to B 1 km in 100 s: 36 km/h; B to C in 400 s: 9 km/h. The route's 85th percentile of both: 31.95.
  const seen: Seen[] = [
    { trip: 1, stop: 'A', departure: 0 },
    { trip: 1, stop: 'B', arrival: 100 / 60, departure: 2 },
    { trip: 1, stop: 'C', arrival: 2 + 400 / 60 },
  ];
  const rows = await line.ask('segment-speeds', seen);
  expect(rows).toMatchObject([
    { from_stop: 'A', to_stop: 'B', km: 1, slow: false },
    { from_stop: 'B', to_stop: 'C', km: 1, slow: true },
  ]);
  expect(rows[0]!.median_kmh).toBeCloseTo(36, 6);
  expect(rows[1]!.median_kmh).toBeCloseTo(9, 6);
  expect(rows[1]!.route_fast_kmh).toBeCloseTo(31.95, 6);
});

describe('slow zones', () => {
  // A to B in 100 s, B to C in 400 s, C to D in 300 s, a kilometre each: 36, 9 and 12 km/h, the 85th percentile 28.8.
  const seen: Seen[] = [
    { trip: 1, stop: 'A', departure: 0 },
    { trip: 1, stop: 'B', arrival: 100 / 60, departure: 2 },
    { trip: 1, stop: 'C', arrival: 2 + 400 / 60, departure: 9 },
    { trip: 1, stop: 'D', arrival: 14 },
  ];

  it('join slow segments, and say how many metres and seconds they are', async () => {
    // 2 km in 700 s instead of 250 s; one run on one day is seven a week.
    const [zone, ...others] = await line.ask('slow-zones', seen);
    expect(others).toEqual([]);
    expect(zone).toMatchObject({ from_stop: 'B', to_stop: 'D', segments: 2, length_m: 2_000, runs: 1 });
    expect(zone!.free_kmh).toBeCloseTo(28.8, 6);
    expect(zone!.median_kmh).toBeCloseTo(7_200 / 700, 6);
    expect(zone!.lost_s).toBeCloseTo(450, 6);
    expect(zone!.lost_veh_h_week).toBeCloseTo((450 * 7) / 3_600, 6);
  });

  it('are none where a segment is no slower than it ever is, or costs less than asked', async () => {
    expect(await line.ask('slow-zones', seen, { against: 'segment' })).toEqual([]);
    expect(await line.ask('slow-zones', seen, { least_lost_s: 451 })).toEqual([]);
  });
});

it('the suggested timetable is of median runs and dwells, scaled to the median trip, with recovery beside it', async () => {
  // Runs of 180, 150, 210 s; 200, 170, 230 s; 260, 150, 250 s, with 30 s at B and C: trips of 600, 660 and 720 s.
  const seen = [
    [180, 150, 210],
    [200, 170, 230],
    [260, 150, 250],
  ].flatMap(([b, c, d], i): Seen[] => {
    const at = (s: number) => i * 10 + s / 60;
    return [
      { trip: i + 1, stop: 'A', departure: at(0) },
      { trip: i + 1, stop: 'B', arrival: at(b!), departure: at(b! + 30) },
      { trip: i + 1, stop: 'C', arrival: at(b! + 30 + c!), departure: at(b! + c! + 60) },
      { trip: i + 1, stop: 'D', arrival: at(b! + c! + d! + 60) },
    ];
  });
  const rows = await line.ask('suggested-timetable', seen, { least_runs: 3 });
  // Medians 200, 150 and 230 with 30 at each stop chain to 640 s; the median trip takes 660.
  const scale = 660 / 640;
  expect(rows.map((r) => [r.stop_id, r.run_p50_s, r.dwell_p50_s, r.scheduled_s])).toEqual([
    ['A', null, 0, 0],
    ['B', 200, 30, 120],
    ['C', 150, 30, 240],
    ['D', 230, 0, 360],
  ]);
  for (const [i, s] of [0, 200, 380, 640].entries()) expect(rows[i]!.suggested_s).toBeCloseTo(s * scale, 6);
  expect(rows[3]).toMatchObject({ trips: 3, trip_p50_s: 660, hour: 8 });
  expect(rows[3]!.change_s).toBeCloseTo(300, 6);
  // p95 of 600, 660, 720 is 714.
  expect(rows[3]!.recovery_s).toBeCloseTo(54, 6);
  expect(await line.ask('suggested-timetable', seen, { least_runs: 4 })).toMatchObject([{ stop_id: 'A' }]);
});

it('service lost names the cause that an alert gave, and keeps apart what nobody saw', async () => {
  await line.db.run(`INSERT INTO readings BY NAME SELECT * FROM (VALUES
    ('service-alert', 'counted', TIMESTAMPTZ '2024-05-13 07:00:00Z', 'a1', 'strike', 'No service on some trips',
      '[{"routeId":"r","tripId":"t3"}]', '[{"from":"2024-05-13T06:00:00Z","to":"2024-05-13T20:00:00Z"}]'),
    ('service-alert', 'counted', TIMESTAMPTZ '2024-05-13 07:00:00Z', 'a2', 'construction', 'Closed at noon',
      '[{"routeId":"r"}]', '[{"from":"2024-05-13T12:00:00Z"}]'))
    AS t(kind, outcome, observed_at, alert_id, cause, header, informs, active_periods)`);
  const rows = await line.ask('service-lost', [], {}, [
    { trip: 1 },
    { trip: 2, to: 'C', ended: 'short' },
    { trip: 3, relationship: 'canceled' },
    { trip: 4 },
    { trip: 5 },
  ]);
  await line.db.run('DELETE FROM readings');
  expect(rows.map((r) => [r.what, r.cause, r.trips, r.alerts])).toEqual([
    ['canceled', 'strike', 1, 'No service on some trips'],
    ['cut short', 'not known', 1, ''],
    ['unobserved', null, 1, ''],
  ]);
  for (const [i, km] of [3, 1, 3].entries()) {
    expect(rows[i]!.lost_km).toBeCloseTo(km, 2);
    expect(rows[i]!.scheduled_share).toBeCloseTo(km / 18, 3);
  }
});

it('service delivered adds up: scheduled = run + lost + unobserved', async () => {
  // Six trips of 3 km. 1 ran; 2 was cut short after C; 3 was canceled; 4 was seen from B on; 5 and 6 nobody saw.
  const [r] = await line.ask('service-delivered', [], {}, [
    { trip: 1 },
    { trip: 2, to: 'C', ended: 'short' },
    { trip: 3, relationship: 'canceled' },
    { trip: 4, from: 'B', began: 'unobserved' },
    { trip: 9, relationship: 'added' },
  ]);
  expect(r).toMatchObject({
    trips: 6,
    trips_seen: 3,
    trips_canceled: 1,
    trips_cut_short: 1,
    trips_unobserved: 2,
    trips_added: 1,
  });
  // The stops lie 3,000 m apart to within a metre.
  expect(r!.scheduled_km).toBeCloseTo(18, 2);
  expect(r!.run_km).toBeCloseTo(7, 2);
  expect(r!.lost_canceled_km).toBeCloseTo(3, 2);
  expect(r!.lost_short_km).toBeCloseTo(1, 2);
  expect(r!.unobserved_km).toBeCloseTo(7, 2);
  expect(r!.run_share).toBeCloseTo(7 / 11, 3);
});

it('what was due before anything was seen, or after the last that was, is not called unseen', async () => {
  // Trips 2 and 3 lie whole between 08:08 and 08:27: A at 08:10 and 08:20, D at 08:16 and 08:26.
  await line.db.run(`SET VARIABLE transit_watched_from = TIMESTAMPTZ '2024-05-13 08:08:00Z';
    SET VARIABLE transit_watched_to = TIMESTAMPTZ '2024-05-13 08:27:00Z'`);
  try {
    const [service] = await line.ask('service-delivered', [], {}, [{ trip: 2 }]);
    expect(service).toMatchObject({ trips: 2, trips_seen: 1, trips_unobserved: 1 });
    const [a] = await line.ask('on-time-performance', fromA(null, 10), { by: 'stop', stop: 'A' });
    expect(a).toMatchObject({ scheduled: 2, observed: 1, observed_share: 0.5, on_time_share: 1 });
  } finally {
    await line.db.run('RESET VARIABLE transit_watched_from; RESET VARIABLE transit_watched_to');
  }
});

const period = { from_at: Date.parse('2024-05-13T00:00:00Z'), to_at: Date.parse('2024-05-14T00:00:00Z') };

it.each([
  'on-time-performance',
  'headways',
  'headway-adherence',
  'excess-wait',
  'bunching',
  'run-time',
  'suggested-timetable',
  'dwell',
  'segment-speeds',
  'slow-zones',
  'service-delivered',
  'service-lost',
])('%s answers with the columns its header promises, in that order', async (name) => {
  await line.ask('dwell', [{ trip: 1, stop: 'A', departure: 0 }]);
  const result = await runMeasure(line.db, name, period);
  if (!result.computable) throw new Error(result.because);
  expect(result.columns.map((c) => c.name)).toEqual(getMeasure(name).columns.map((c) => c.name));
  expect(result.columns.map(({ type }) => type)).not.toContain('HUGEINT');
});

it('without a timetable or a visit the answer says so', async () => {
  const others = { from_at: Date.parse('2023-01-01T00:00:00Z'), to_at: Date.parse('2023-01-02T00:00:00Z') };
  expect(await runMeasure(line.db, 'excess-wait', others)).toMatchObject({
    computable: false,
    because: expect.stringContaining('no timetable that holds in this period'),
  });
});
