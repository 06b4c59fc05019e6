import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runMeasure } from '#analytics/measures/run-measure.ts';
import { removeTemporaryFolders } from '../../unit/gtfs/small-feed.ts';
import { type Line, lineLake, type Seen } from './line-lake.ts';

let line: Line;
beforeAll(async () => {
  line = await lineLake();
});
afterAll(() => {
  line.db.closeSync();
  removeTemporaryFolders();
});

/**
 * One trip: A 10 on; B 4 on, 6 off, 30 s; C nobody counted; D. Two minutes from A to B, three to C (one late), two to D.
 * Loads 10, 8, none, 0.
 */
const one: Seen[] = [
  { trip: 1, stop: 'A', departure: 0, boardings: 10, alightings: 0, load: 10 },
  { trip: 1, stop: 'B', arrival: 2, departure: 2.5, boardings: 4, alightings: 6, load: 8 },
  { trip: 1, stop: 'C', arrival: 5.5, departure: 6 },
  { trip: 1, stop: 'D', arrival: 8, boardings: 0, alightings: 9, load: 0 },
];
/** The next one, ten minutes later and a kilometre emptier: 2 on at A, 2 more at B. */
const two: Seen[] = [
  { trip: 2, stop: 'A', departure: 10, boardings: 2, alightings: 0, load: 2 },
  { trip: 2, stop: 'B', arrival: 12, departure: 12.5, boardings: 2, alightings: 0, load: 4 },
  { trip: 2, stop: 'C', arrival: 14.5, departure: 15, boardings: 0, alightings: 0, load: 4 },
  { trip: 2, stop: 'D', arrival: 17, boardings: 0, alightings: 4, load: 0 },
];

/** Departures from A: minutes after 08:00, who boards, load. */
const fromA = (...departures: [minutes: number, boardings: number, load?: number][]): Seen[] =>
  departures.map(([departure, boardings, load], i) => ({
    trip: i + 1,
    stop: 'A',
    departure,
    boardings,
    alightings: 0,
    load: load ?? boardings,
  }));

describe('ridership', () => {
  it('is who was counted, with passenger-km of the stretches whose load is known', async () => {
    // 10 x 1 km + 8 x 1 km; C to D has no load.
    expect(await line.ask('ridership', one)).toMatchObject([
      {
        route_id: 'r',
        boardings: 14,
        alightings: 15,
        passenger_km: 18,
        visits: 4,
        counted: 3,
        counted_share: 0.75,
      },
    ]);
    const [row] = await line.ask('ridership', one);
    expect(row!.load_share).toBeCloseTo(2 / 3, 9);
  });

  it('by stop, hour, date or trip', async () => {
    const stops = await line.ask('ridership', [...one, ...two], { by: 'stop' });
    expect(stops.map((r) => [r.stop_id, r.boardings])).toEqual([
      ['A', 12],
      ['B', 6],
      ['C', 0],
      ['D', 0],
    ]);
    expect(await line.ask('ridership', [...one, ...two], { by: 'trip' })).toMatchObject([
      { trip_id: 't1', boardings: 14 },
      { trip_id: 't2', boardings: 4, passenger_km: 10 },
    ]);
  });
});

describe('passenger load', () => {
  it('is of departures whose load is known', async () => {
    const [a, b, c] = await line.ask('passenger-load', [...one, ...two]);
    expect(a).toMatchObject({ stop_id: 'A', departures: 2, mean_load: 6, max_load: 10, withheld: 0 });
    expect(b).toMatchObject({ stop_id: 'B', mean_load: 6 });
    expect(c).toMatchObject({ stop_id: 'C', departures: 1, mean_load: 4, withheld: 1, loads_known: 0.5 });
  });

  it('of a route is that at its maximum load point', async () => {
    const three: Seen[] = [...one, { ...two[0]! }, { ...two[1]!, load: 14 }];
    expect(await line.ask('passenger-load', three, { by: 'route' })).toMatchObject([
      { stop_id: 'B', mean_load: 11, max_load: 14 },
    ]);
  });
});

describe('crowding', () => {
  it('is the share of places taken, and of passengers who ride in what is crowded', async () => {
    // 10 places, crowded from 8.5: of departures A 10, B 8 | A 2, B 4, C 4, one; of 28 passengers, 10.
    const [r] = await line.ask('crowding', [...one, ...two], { capacity: 10 });
    expect(r).toMatchObject({ departures: 5, max_share: 1, crowded_departures_share: 0.2 });
    expect(r!.mean_share).toBeCloseTo(0.56, 9);
    expect(r!.crowded_passengers_share).toBeCloseTo(10 / 28, 9);
    // 10 x 2 min; and 8 x 3 min, 2 x 2, 4 x 2, 4 x 2.
    expect(r!.crowded_passenger_h).toBeCloseTo(20 / 60, 9);
    expect(r!.passenger_h).toBeCloseTo((20 + 24 + 4 + 8 + 8) / 60, 9);
    expect(r!.bounds).toBe('10 places; crowded from 8.5');
    expect(await line.ask('crowding', [...one, ...two])).toMatchObject([
      { crowded_passengers_share: 0, crowded_passenger_h: 0 },
    ]);
  });
});

describe('on-time performance of passengers', () => {
  it('weights each call by who boards, the last by who gets off', async () => {
    // A: on time with 30, 6 min late with 10; D: 5 min 1 s late with 20 who get off.
    const seen: Seen[] = [
      ...fromA([0, 30], [16, 10]),
      { trip: 1, stop: 'D', arrival: 6 + 301 / 60, boardings: 0, alightings: 20, load: 0 },
    ];
    const [r] = await line.ask('passenger-on-time', seen);
    expect(r).toMatchObject({
      passengers: 60,
      on_time_share: 0.5,
      late_share: 0.5,
      early_share: 0,
      counted_share: 1,
    });
    expect(r!.calls_on_time_share).toBeCloseTo(1 / 3, 9);
    expect(r!.late_passenger_h).toBeCloseTo((10 * 360 + 20 * 301) / 3_600, 9);
  });
});

describe('excess wait of passengers', () => {
  it('weights stops by who boards there', async () => {
    // At A h: 14, 6, 10, 10, 10: EWT 0.32. At B 10 throughout: EWT 0.
    const a: Seen[] = fromA([0, 5], [14, 5], [20, 5], [30, 5], [40, 5], [50, 5]);
    const b: Seen[] = [0, 1, 2, 3, 4, 5].map((i) => ({
      trip: i + 1,
      stop: 'B',
      departure: i * 10 + 3,
      boardings: 15,
      alightings: 0,
    }));
    const [r] = await line.ask('passenger-wait', [...a, ...b], { observed_at_least: 0.6 });
    expect(r).toMatchObject({ boardings: 120, counted_share: 1 });
    expect(r!.ewt_min).toBeCloseTo((30 * 0.32) / 120, 9);
  });

  it('is hours of people: boardings x excess wait', async () => {
    const seen = fromA([0, 5], [14, 5], [20, 5], [30, 5], [40, 5], [50, 5]);
    const [a] = await line.ask('passenger-wait', seen, { by: 'stop' });
    expect(a).toMatchObject({ stop_id: 'A', boardings: 30, observed_share: 1, withheld: null });
    expect(a!.ewt_min).toBeCloseTo(0.32, 9);
    expect(a!.excess_passenger_h).toBeCloseTo((30 * 0.32) / 60, 9);
  });
});

describe('bunching of passengers', () => {
  it('weights headways by who boards after them', async () => {
    // h: 22 (a gap), 2 (bunched), 6, 10, 10; boarding 5, 40, 2, 5, 4, 4.
    const seen = fromA([0, 5], [22, 40], [24, 2], [30, 5], [40, 4], [50, 4]);
    const [r] = await line.ask('passenger-bunching', seen);
    expect(r).toMatchObject({
      boardings: 55,
      bunched_headways_share: 0.2,
      gap_headways_share: 0.2,
      load_bunched: 2,
      load_after_gap: 40,
      bounds: 'h < 0.25 H; h > 2.0 H',
    });
    expect(r!.gap_boardings_share).toBeCloseTo(40 / 55, 9);
    expect(r!.bunched_boardings_share).toBeCloseTo(2 / 55, 9);
    expect(r!.load_else).toBeCloseTo(13 / 3, 9);
  });
});

describe('headway adherence of passengers', () => {
  // h - H at A: 240, -240, 0, 0, 0 s after the first; H 600 s throughout.
  const uneven = [0, 14, 20, 30, 40, 50];
  const boarding = (...riders: number[]) => fromA(...riders.map((n, i): [number, number] => [uneven[i]!, n]));

  it('weights headways by who boards after them', async () => {
    // 14, 6, 10, 10, 10 boarding: 50 in all, mean off (14 - 6) x 240 / 50 = 38.4 s,
    // sd² = (50 x 20 x 240² - (8 x 240)²) / (50² - (196 + 36 + 300)) = 53,913,600 / 1,968 = 27,395.1.
    const [r] = await line.ask('passenger-headway-adherence', boarding(9, 14, 6, 10, 10, 10));
    expect(r).toMatchObject({
      boardings: 50,
      headways: 5,
      left_out: 0,
      mean_scheduled_s: 600,
      counted_share: 1,
    });
    expect(r!.mean_headway_s).toBeCloseTo(638.4, 9);
    expect(r!.adherence_cv).toBeCloseTo(Math.sqrt(53_913_600 / 1_968) / 600, 9);
    expect(r!.headways_cv).toBeCloseTo(Math.sqrt(8) / 10, 9);
  });

  it('is that of vehicles where as many board each, and less where those of uneven ones are empty', async () => {
    const [same] = await line.ask('passenger-headway-adherence', boarding(7, 7, 7, 7, 7, 7));
    const [vehicles] = await line.ask('headway-adherence', boarding(7, 7, 7, 7, 7, 7));
    expect(same!.adherence_cv).toBeCloseTo(vehicles!.adherence_cv as number, 12);
    const [even] = await line.ask('passenger-headway-adherence', boarding(7, 0, 0, 7, 7, 7));
    expect(even).toMatchObject({ adherence_cv: 0, mean_headway_s: 600 });
  });

  it('leaves out who boards after a trip that nobody saw, and says how many headways had no count', async () => {
    // Trip 3 not seen: the headway of trip 4 is left out. That of trip 6 was not counted: two of three.
    const seen = boarding(9, 5, 0, 40, 5, 5).filter((s) => s.trip !== 3);
    const { boardings, ...uncounted } = seen.at(-1)!;
    const [r] = await line.ask('passenger-headway-adherence', [...seen.slice(0, -1), uncounted], {
      by: 'hour',
    });
    expect(r).toMatchObject({ hour: 8, boardings: 10, headways: 2, left_out: 1 });
    expect(r!.counted_share).toBeCloseTo(2 / 3, 9);
    // h - H: 240 and 0 with 5 each: sd² = (10 x 5 x 240² - 1,200²) / (100 - 50).
    expect(r!.adherence_cv).toBeCloseTo(Math.sqrt(28_800) / 600, 9);
  });

  it('is not known where all boarded after one headway', async () => {
    const [r] = await line.ask('passenger-headway-adherence', fromA([0, 5], [14, 5]), { by: 'stop' });
    expect(r).toMatchObject({ stop_id: 'A', headways: 1, mean_headway_s: 840, adherence_cv: null });
  });
});

describe('run time of passengers', () => {
  it('weights runs by who is aboard, and counts what is lost against the fast run', async () => {
    // A to B: 120 s with 10 aboard, 120 s with 2. B to C: 180 s with 8, 120 s with 4; fast run 129 s.
    const rows = await line.ask('passenger-run-time', [...one, ...two]);
    expect(rows[0]).toMatchObject({
      from_stop: 'A',
      to_stop: 'B',
      runs: 2,
      passengers: 12,
      passenger_run_s: 120,
    });
    expect(rows[0]!.lost_passenger_h).toBe(0);
    expect(rows[1]).toMatchObject({ from_stop: 'B', to_stop: 'C', run_s: 150, passenger_run_s: 160 });
    expect(rows[1]!.passenger_h).toBeCloseTo(1_920 / 3_600, 9);
    expect(rows[1]!.lost_passenger_h).toBeCloseTo((8 * 51) / 3_600, 9);
    // The timetable has 100 s from B to C.
    expect(rows[1]!.beyond_timetable_h).toBeCloseTo((8 * 80 + 4 * 20) / 3_600, 9);
  });
});

describe('slow zones of passengers', () => {
  /** A trip with its seconds from stop to stop, and its loads on leaving B and C where they are known. */
  const trip = (n: number, [ab, bc, cd]: [number, number, number], load?: [b: number, c: number]): Seen[] => {
    const [at, minutes] = [(n - 1) * 10, (s: number) => (n - 1) * 10 + s / 60];
    return [
      { trip: n, stop: 'A', departure: at },
      {
        trip: n,
        stop: 'B',
        arrival: minutes(ab),
        departure: minutes(ab + 20),
        ...(load && { load: load[0] }),
      },
      {
        trip: n,
        stop: 'C',
        arrival: minutes(ab + 20 + bc),
        departure: minutes(ab + bc + 40),
        ...(load && { load: load[1] }),
      },
      { trip: n, stop: 'D', arrival: minutes(ab + bc + 40 + cd), boardings: 0, alightings: 1, load: 0 },
    ];
  };
  // A kilometre each: 36, 36, 36; 9, 12, 9; 12, 18, 12 km/h. The 85th percentile is 36, a free run 100 s: B to D is slow.
  const three = [
    ...trip(1, [100, 400, 300], [20, 5]),
    ...trip(2, [100, 300, 200], [4, 15]),
    ...trip(3, [100, 400, 300]),
  ];

  it('are those of vehicles, with what the passengers of each run lost in them', async () => {
    // B to C: 20 x 300 s + 4 x 200 s, of 24; C to D: 5 x 200 s + 15 x 100 s, of 20. One day is seven a week.
    const [zone, ...others] = await line.ask('passenger-slow-zones', three);
    expect(others).toEqual([]);
    expect(zone).toMatchObject({
      from_stop: 'B',
      to_stop: 'D',
      length_m: 2_000,
      passengers_week: 22 * 7,
      run_lost_s: 250 + 150,
      bounds: "below 65.0 % of the route's free speed, 30.0 s a run or more, 00–24 h",
    });
    expect(zone!.passenger_lost_s).toBeCloseTo(6_800 / 24 + 2_500 / 20, 9);
    expect(zone!.lost_passenger_h_week).toBeCloseTo((9_300 * 7) / 3_600, 9);
    // Four of six runs have a load; the vehicles' hours are of all: 300 s and 200 s, three runs each.
    expect(zone!.counted_share).toBeCloseTo(4 / 6, 9);
    expect(zone!.lost_veh_h_week).toBeCloseTo((1_500 * 7) / 3_600, 9);
    const [vehicles] = await line.ask('slow-zones', three);
    expect(zone!.lost_veh_h_week).toBe(vehicles!.lost_veh_h_week);
  });

  it('are of the hours asked for', async () => {
    const asked = { hour_from: 8, hour_to: 9 };
    const [zone] = await line.ask('passenger-slow-zones', three, asked);
    expect(zone!.lost_passenger_h_week).toBeCloseTo((9_300 * 7) / 3_600, 9);
    expect(await line.ask('passenger-slow-zones', three, { hour_from: 9 })).toEqual([]);
  });

  it('take nothing back for a run that is faster than free', async () => {
    // B to C in 90 s with 50 aboard: 20 x 300 s are lost, of 70; C to D as before.
    const fast = [...trip(1, [100, 400, 300], [20, 5]), ...trip(2, [100, 90, 200], [50, 15])];
    const [zone] = await line.ask('passenger-slow-zones', [...fast, ...trip(3, [100, 400, 300])]);
    expect(zone!.passenger_lost_s).toBeCloseTo(6_000 / 70 + 2_500 / 20, 9);
    expect(zone!.lost_passenger_h_week).toBeCloseTo((8_500 * 7) / 3_600, 9);
  });

  it('of runs whose load nobody knows have no passengers, and say so', async () => {
    const uncounted = [...trip(1, [100, 400, 300]), ...trip(2, [100, 400, 300])];
    expect(await line.ask('passenger-slow-zones', uncounted)).toMatchObject([
      {
        from_stop: 'B',
        passengers_week: null,
        passenger_lost_s: null,
        lost_passenger_h_week: null,
        counted_share: 0,
      },
    ]);
  });
});

describe('dwell of passengers', () => {
  it('says how many visits are known too roughly', async () => {
    const rough = [...one, ...two].map((seen) => ({ ...seen, withinS: 30 }));
    const rows = await line.ask('passenger-dwell', rough, { by: 'route' });
    expect(rows).toMatchObject([{ visits: 0, left_out: 3, exchanged: null, mean_s: null }]);
  });

  it('is by who gets on and off, and of who stays aboard', async () => {
    // B: 30 s, 10 exchanged, 4 stay; 30 s, 2 exchanged, 2 stay. C: 30 s, nobody exchanged, 4 stay.
    const [b, c] = await line.ask('passenger-dwell', [...one, ...two]);
    expect(b).toMatchObject({
      stop_id: 'B',
      visits: 2,
      exchanged: 12,
      mean_s: 30,
      s_per_passenger: 5,
      through_mean_s: 30,
    });
    expect(b!.through_passenger_h).toBeCloseTo((6 * 30) / 3_600, 9);
    expect(c).toMatchObject({ stop_id: 'C', visits: 1, exchanged: 0, s_per_passenger: null });
  });
});

describe('service that passengers had', () => {
  /** A trip on time, with as many aboard from stop to stop to stop. */
  const carried = (trip: number, ...loads: (number | undefined)[]): Seen[] => {
    const at = (trip - 1) * 10;
    const aboard = (i: number) => (loads[i] === undefined ? {} : { load: loads[i] });
    return [
      { trip, stop: 'A', departure: at, ...aboard(0) },
      { trip, stop: 'B', arrival: at + 2, departure: at + 2.25, ...aboard(1) },
      { trip, stop: 'C', arrival: at + 4, departure: at + 4.25, ...aboard(2) },
      { trip, stop: 'D', arrival: at + 6, load: 0 },
    ];
  };

  it('is each scheduled kilometre times the mean load that was counted: run, lost, and what nobody saw', async () => {
    // Loads 10, 8, none; 2, 4, and C is its last stop: 6 in the mean. Of 18 km 7 were run, 3 called off, 1 cut short.
    const [r] = await line.ask(
      'passenger-service',
      [...carried(1, 10, 8), ...carried(2, 2, 4).slice(0, 3)],
      {},
      [
        { trip: 1 },
        { trip: 2, to: 'C', ended: 'short' },
        { trip: 3, relationship: 'canceled' },
        { trip: 4, from: 'B', began: 'unobserved' },
      ],
    );
    expect(r).toMatchObject({
      route_id: 'r',
      passenger_km: 24,
      counted_share: 0.8,
      no_load_km: 0,
      withheld: null,
    });
    expect(r!.mean_load).toBeCloseTo(6, 9);
    expect(r!.run_passenger_km).toBeCloseTo(42, 1);
    expect(r!.lost_canceled_passenger_km).toBeCloseTo(18, 1);
    expect(r!.lost_short_passenger_km).toBeCloseTo(6, 1);
    expect(r!.unobserved_passenger_km).toBeCloseTo(42, 1);
    expect(r!.run_share).toBeCloseTo(7 / 11, 3);
    expect(r!.km_run_share).toBeCloseTo(7 / 11, 3);
  });

  // By the clock of Nepal 08:15 UTC is 14:00: trip 2, from 08:10 to 08:16, runs 2.5 km before it and 0.5 km after.
  const nepal = { city_tz: 'Asia/Kathmandu' };
  const called = [{ trip: 1 }, { trip: 2, relationship: 'canceled' as const }, { trip: 3 }];

  it('takes the load of the hour in which each kilometre was to be run', async () => {
    // 9 aboard at one o'clock, 3 at two: 2.5 km x 9 + 0.5 km x 3 were lost, 3 x 9 + 3 x 3 run; trips 4 to 6 nobody saw.
    const seen = [...carried(1, 9, 9, 9), ...carried(3, 3, 3, 3)];
    const [r] = await line.ask('passenger-service', seen, nepal, called);
    expect(r!.lost_canceled_passenger_km).toBeCloseTo(24, 1);
    expect(r!.run_passenger_km).toBeCloseTo(36, 1);
    expect(r!.unobserved_passenger_km).toBeCloseTo(27, 1);
    expect(r!.run_share).toBeCloseTo(36 / 60, 3);
    expect(r!.km_run_share).toBeCloseTo(6 / 9, 3);
    const hours = await line.ask('passenger-service', seen, { ...nepal, by: 'hour' }, called);
    expect(hours).toMatchObject([
      { direction_id: 0, day_type: 'weekday', hour: 13, passenger_km: 27 },
      { direction_id: 0, day_type: 'weekday', hour: 14, passenger_km: 9 },
    ]);
    for (const [i, [load, lost]] of [
      [9, 22.5],
      [3, 1.5],
    ].entries()) {
      expect(hours[i]!.mean_load).toBeCloseTo(load!, 9);
      expect(hours[i]!.lost_canceled_passenger_km).toBeCloseTo(lost!, 1);
    }
  });

  it('gives no load to what was lost in an hour in which nobody was counted, and names the hour', async () => {
    // Trip 1 ran uncounted: of one o'clock no load is known.
    const seen = [...carried(1), ...carried(3, 3, 3, 3)];
    const [r] = await line.ask('passenger-service', seen, nepal, called);
    expect(r!.withheld).toBe('r/0 weekday 13');
    expect(r!.no_load_km).toBeCloseTo(2.5, 2);
    expect(r!.lost_canceled_passenger_km).toBeCloseTo(1.5, 1);
    expect(r!.run_passenger_km).toBeCloseTo(9, 1);
    expect(r!.km_run_share).toBeCloseTo(3 / 3.5, 3);
    const [one] = await line.ask('passenger-service', seen, { ...nepal, by: 'hour' }, called);
    expect(one).toMatchObject({
      hour: 13,
      mean_load: null,
      run_passenger_km: null,
      lost_canceled_passenger_km: null,
      lost_short_passenger_km: 0,
      run_share: null,
      withheld: 'nobody was counted',
    });
  });

  it('takes no load from days of another type', async () => {
    // Trip 1 called off on Monday, counted on Tuesday with 9 aboard: 27 passenger-km, but not where Tuesday is a holiday.
    await line.ask('passenger-service', carried(1, 9, 9, 9), {}, [{ trip: 1, relationship: 'canceled' }]);
    const later = ['arrival_at', 'departure_at', 'scheduled_arrival_at', 'scheduled_departure_at'];
    await line.db.run(
      `UPDATE stop_visits SET date = date + 1, ${later.map((at) => `${at} = ${at} + INTERVAL 1 DAY`).join(', ')}`,
    );
    const monday = async () => {
      const answer = await runMeasure(line.db, 'passenger-service', {
        from_at: Date.parse('2024-05-13T00:00:00Z'),
        to_at: Date.parse('2024-05-15T00:00:00Z'),
        by: 'date',
      });
      if (!answer.computable) throw new Error(answer.because);
      return answer.rows[0]!;
    };
    expect((await monday()).lost_canceled_passenger_km).toBeCloseTo(27, 1);
    await line.db.run(`INSERT INTO calendar BY NAME SELECT 'h' AS calendar_id, 'holiday' AS type, 'A holiday' AS name,
      DATE '2024-05-14' AS first_date, DATE '2024-05-14' AS last_date, TIMESTAMPTZ '-infinity' AS valid_from, TIMESTAMPTZ 'infinity' AS valid_to`);
    expect(await monday()).toMatchObject({
      lost_canceled_passenger_km: null,
      withheld: 'nobody was counted',
    });
    await line.db.run('DELETE FROM calendar');
  });
});

describe('passenger counters', () => {
  it('that miss people on one side are named: over whole trips as many get off as got on', async () => {
    // Vehicle v1: 90 on, 100 off; v2: 100 on, 100 off; v3: 10 and 10.
    const trip = (n: number, on: number, off: number): Seen[] => [
      { trip: n, stop: 'A', departure: n * 10, boardings: on, alightings: 0 },
      { trip: n, stop: 'D', arrival: n * 10 + 6, boardings: 0, alightings: off },
    ];
    const rows = await line.ask(
      'passenger-counters',
      [
        ...trip(1, 90, 100),
        ...trip(2, 100, 100),
        ...trip(3, 10, 10),
        { trip: 4, stop: 'A', departure: 30, boardings: 9 },
      ],
      { passengers_at_least: 50 },
    );
    expect(rows.map((r) => [r.vehicle_id, r.trips, r.verdict])).toEqual([
      ['v1', 1, 'misses boardings'],
      ['v3', 1, 'too few passengers'],
      ['v2', 1, 'good'],
    ]);
    expect(rows[0]!.difference_share).toBeCloseTo(-0.1, 9);
  });
});

describe('where nobody counts', () => {
  it.each([
    'ridership',
    'passenger-load',
    'crowding',
    'passenger-on-time',
    'passenger-wait',
    'passenger-headway-adherence',
    'passenger-bunching',
    'passenger-run-time',
    'passenger-slow-zones',
    'passenger-dwell',
    'passenger-service',
    'passenger-counters',
  ])('%s is not computable: no passenger counts', async (measure) => {
    const uncounted = [...one, ...two].map(({ boardings, alightings, load, ...seen }) => seen);
    await expect(line.ask(measure, uncounted)).rejects.toThrow(/not computable: no passenger counts/);
  });
});

describe('passenger counts', () => {
  it('add up: assigned, unassigned by reason, and not matched yet', async () => {
    await line.db.run(`CREATE OR REPLACE TEMP TABLE readings AS
      SELECT 'passenger-count' AS kind, 'counted' AS outcome, 'apc' AS device_id, 'v' AS vehicle_id, door::DOUBLE AS door, NULL::BIGINT AS via,
        row_number() OVER () AS position, 0 AS index, make_timestamptz(2024, 5, 13, 8, minute, 0) AS observed_at,
        boarded::DOUBLE AS boarded, alighted::DOUBLE AS alighted, load::DOUBLE AS load
      FROM (VALUES (1, 1, 3, 0, NULL), (1, 2, 1, 2, NULL), (1, NULL, NULL, NULL, 7), (5, 1, 2, 2, NULL), (9, 1, 4, 0, NULL))
        AS t(minute, door, boarded, alighted, load)`);
    await line.db.run(`DELETE FROM passenger_counts; INSERT INTO passenger_counts BY NAME
      SELECT DATE '2024-05-13' AS date, 'v' AS vehicle_id, 'apc' AS device_id, make_timestamptz(2024, 5, 13, 8, minute, 0) AS observed_at,
        side, passengers, method, reason
      FROM (VALUES (1, 'boarding', 4, 'stay', NULL), (1, 'alighting', 2, NULL, 'alighted-at-first-stop'), (1, 'load', 7, 'stay', NULL),
        (5, 'boarding', 2, 'stay', NULL), (5, 'alighting', 2, 'late', NULL)) AS t(minute, side, passengers, method, reason)`);
    const answer = await runMeasure(line.db, 'passenger-counts', {
      from_at: Date.parse('2024-05-13T00:00:00Z'),
      to_at: Date.parse('2024-05-14T00:00:00Z'),
    });
    expect(answer.computable && answer.rows.map((r) => [r.side, r.outcome, r.counts, r.passengers])).toEqual([
      ['alighting', 'alighted-at-first-stop', 1, 2],
      ['alighting', 'assigned: late', 1, 2],
      ['alighting', 'not-matched', 1, 0],
      ['boarding', 'assigned: stay', 2, 6],
      ['boarding', 'not-matched', 1, 4],
      ['load', 'assigned: stay', 1, null],
    ]);
  });
});
