import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Observation } from '#analytics/transit/observation.ts';
import { makeShape } from '#analytics/transit/shape.ts';
import { stopVisits } from '#analytics/transit/stop-visits.ts';
import { drive, normalNoise, type Plan, placeAt, punctual, street } from './street.ts';

/** Stop, arrival and departure in seconds. */
function seen(observations: readonly Observation[], way: typeof street | null = street) {
  return stopVisits(observations, way ?? undefined).visits.map((v) => [
    v.call.stopId,
    v.arrivalAt === undefined ? null : v.arrivalAt / 1_000,
    v.departureAt === undefined ? null : v.departureAt / 1_000,
  ]);
}

describe('visits from positions alone', () => {
  it('are the halts near the stops, at one position a second', () => {
    expect(seen(drive(punctual, 1))).toEqual([
      ['A', null, 60],
      ['B', 160, 180],
      ['C', 280, 300],
      ['D', 400, null],
    ]);
  });

  it('stay within a few seconds when the receiver is off by 5 m and its speed is not told', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const visits = seen(drive(punctual, 1, { noiseM: normalNoise(seed, 5) }));
      expect(visits.map(([stop]) => stop)).toEqual(['A', 'B', 'C', 'D']);
      for (const [i, truth] of [null, 160, 280, 400].entries()) {
        if (truth !== null) expect(Math.abs(Number(visits[i]![1]) - truth)).toBeLessThanOrEqual(10);
      }
      for (const [i, truth] of [60, 180, 300].entries()) {
        expect(Math.abs(Number(visits[i]![2]) - truth)).toBeLessThanOrEqual(10);
      }
    }
  });

  it('stay within the sampling period at one position in 30 s, and say so', () => {
    for (let fromS = 0; fromS < 30; fromS++) {
      const { visits } = stopVisits(drive(punctual, 30, { fromS }), street);
      for (const v of visits) {
        const truth = { A: [0, 60], B: [160, 180], C: [280, 300], D: [400, 440] }[v.call.stopId]!;
        for (const [at, true_, within] of [
          [v.arrivalAt, truth[0]!, v.arrivalWithinS],
          [v.departureAt, truth[1]!, v.departureWithinS],
        ] as const) {
          if (at === undefined) continue;
          expect(Math.abs(at / 1_000 - true_)).toBeLessThanOrEqual(30);
          expect(within).toBeLessThanOrEqual(30);
        }
      }
      expect(visits.map((v) => v.call.stopId)).toEqual(['A', 'B', 'C', 'D']);
    }
  });

  it('between sparse ones are as long after as the way takes at the speed told', () => {
    // Seen 100 m before B at 36 km/h, then standing there, then 150 m on at 36 km/h: 10 s and 5 s of braking; 15 s and 5 s.
    const { visits } = stopVisits(
      [
        { at: 150_000, ...placeAt(900), speedKmh: 36 },
        { at: 180_000, ...placeAt(1_000), speedKmh: 0 },
        { at: 210_000, ...placeAt(1_150), speedKmh: 36 },
      ],
      street,
    );
    expect(visits).toMatchObject([
      { arrivalAt: 165_000, arrivalWithinS: 30, departureAt: 190_000, departureWithinS: 30 },
    ]);
  });

  it('tell a passage without a halt, at the moment of passing', () => {
    const through: Plan = [
      [0, 0],
      [300, 3_000],
    ];
    const { visits } = stopVisits(drive(through, 1), street);
    expect(visits.map((v) => [v.call.stopId, v.arrivalAt, v.departureAt])).toEqual([
      ['A', undefined, 0],
      ['B', 100_000, 100_000],
      ['C', 200_000, 200_000],
      ['D', 300_000, undefined],
    ]);
    expect(visits[1]!.passed).toBe(true);
  });

  it('are none for a stop that the vehicle did not reach, or joined after', () => {
    expect(seen(drive(punctual, 1, { toS: 240 })).map(([s]) => s)).toEqual(['A', 'B']);
    expect(seen(drive(punctual, 1, { fromS: 240 })).map(([s]) => s)).toEqual(['C', 'D']);
  });

  it('do not take a halt at a red light for one at a stop', () => {
    const light: Plan = [
      [0, 0],
      [10, 0],
      [60, 500],
      [120, 500],
      [170, 1_000],
      [190, 1_000],
      [390, 3_000],
    ];
    expect(seen(drive(light, 1))[1]).toEqual(['B', 170, 190]);
  });

  it('are none for a stop passed by on a detour', () => {
    // Between 500 and 1,500 m the vehicle is 140 m aside.
    const asideM = (s: number) => (s > 110 && s < 230 ? 140 : 0);
    const { visits, track } = stopVisits(drive(punctual, 1, { asideM }), street);
    expect(visits.map((v) => v.call.stopId)).toEqual(['A', 'C', 'D']);
    expect(track).toMatchObject({ detour: true, offWay: 119 });
  });

  it('are none where nobody saw the vehicle for five minutes', () => {
    const slow: Plan = [
      [0, 0],
      [1_000, 1_000],
      [3_000, 3_000],
    ];
    const silent = drive(slow, 1).filter((o) => o.at < 700_000 || o.at > 1_300_000);
    expect(seen(silent).map(([s]) => s)).toEqual(['A', 'C', 'D']);
  });

  it('are not moved by a single jump of the receiver', () => {
    const jumping = drive(punctual, 1).map((o) => (o.at === 100_000 ? { ...o, ...placeAt(2_950) } : o));
    expect(seen(jumping)).toEqual(seen(drive(punctual, 1)));
  });

  it('find the right end of a loop: it starts and ends at the same stop', () => {
    const corners = [placeAt(0), placeAt(1_000), placeAt(1_000, 1_000), placeAt(0, 1_000), placeAt(0)];
    const loop = {
      shape: makeShape(corners),
      calls: ['A', 'B', 'C', 'A'].map((stopId, i) => ({
        position: i + 1,
        stopSequence: i + 1,
        stopId,
        alongM: [0, 1_000, 2_000, 4_000][i]!,
      })),
    };
    const onLoop = (m: number) => {
      const side = Math.min(3, Math.floor(m / 1_000));
      const share = (m - side * 1_000) / 1_000;
      const [a, b] = [corners[side]!, corners[side + 1]!];
      return { lat: a.lat + share * (b.lat - a.lat), lon: a.lon + share * (b.lon - a.lon) };
    };
    // 30 s at A, then 10 m/s without a halt.
    const positions = Array.from({ length: 440 }, (_, s) => ({
      at: s * 1_000,
      ...onLoop(Math.min(4_000, Math.max(0, (s - 30) * 10))),
    }));
    expect(seen(positions, loop)).toEqual([
      ['A', null, 30],
      ['B', 130, 130],
      ['C', 230, 230],
      ['A', 430, null],
    ]);
  });
});

describe('visits from status', () => {
  const at = (s: number, stopId: string, status: Observation['status']): Observation => ({
    at: s * 1_000,
    stopId,
    ...(status && { status }),
  });

  it('are from the first to the last report at the stop, each within the time to the report beside it', () => {
    const { visits } = stopVisits(
      [
        at(0, 'A', 'stopped-at'),
        at(30, 'B', 'in-transit-to'),
        at(60, 'B', 'stopped-at'),
        at(90, 'B', 'stopped-at'),
        at(120, 'C', 'in-transit-to'),
      ],
      street,
    );
    expect(visits).toMatchObject([
      { call: { stopId: 'A' }, departureAt: 0, departureWithinS: 30, departureMethod: 'status' },
      {
        call: { stopId: 'B' },
        arrivalAt: 60_000,
        arrivalWithinS: 30,
        departureAt: 90_000,
        departureWithinS: 30,
      },
    ]);
  });

  it('are between two reports where the vehicle is never seen standing', () => {
    const { visits } = stopVisits([at(0, 'B', 'incoming-at'), at(60, 'C', 'in-transit-to')], street);
    expect(visits).toMatchObject([{ arrivalAt: 30_000, departureAt: 30_000, arrivalWithinS: 30 }]);
  });

  it('need no timetable: the stops named are the trip', () => {
    expect(
      seen([at(0, 'X', 'in-transit-to'), at(60, 'Y', 'stopped-at'), at(90, 'Z', 'in-transit-to')], null),
    ).toEqual([
      ['X', 30, 30],
      ['Y', 60, 60],
    ]);
  });
});

describe('visits from events', () => {
  const event = (s: number, stopId: string, e: Observation['event']): Observation => ({
    at: s * 1_000,
    stopId,
    ...(e && { event: e }),
  });

  it('count before doors, doors before status, status before positions', () => {
    const { visits } = stopVisits(
      [
        ...drive(punctual, 1),
        event(162, 'B', 'doors-opened'),
        event(158, 'B', 'arrival'),
        event(177, 'B', 'doors-closed'),
        event(283, 'C', 'doors-opened'),
      ],
      street,
    );
    expect(visits.slice(1, 3)).toMatchObject([
      { arrivalAt: 158_000, arrivalMethod: 'event', departureAt: 177_000, departureMethod: 'doors' },
      { arrivalAt: 283_000, arrivalMethod: 'doors', departureAt: 300_000, departureMethod: 'position' },
    ]);
  });

  it('are from the first opening of the doors to their last closing', () => {
    const doors = [
      event(10, 'B', 'doors-opened'),
      event(15, 'B', 'doors-closed'),
      event(17, 'B', 'doors-opened'),
      event(25, 'B', 'doors-closed'),
    ];
    expect(seen(doors)).toEqual([['B', 10, 25]]);
  });

  it('of a stop that the trip does not call at are named', () => {
    expect(stopVisits([event(10, 'X', 'arrival')], street)).toMatchObject({
      visits: [],
      unknownStops: ['X'],
    });
  });

  it('of a stop called at twice are told apart by sequence number, else by what was reached', () => {
    const calls = ['A', 'B', 'A'].map((stopId, i) => ({
      position: i + 1,
      stopSequence: i + 1,
      stopId,
      alongM: i,
    }));
    const way = { calls, shape: undefined };
    const three = [event(1, 'A', 'departure'), event(2, 'B', 'arrival'), event(3, 'A', 'arrival')];
    expect(stopVisits(three, way).visits.map((v) => v.call.position)).toEqual([1, 2, 3]);
    expect(
      stopVisits([{ ...event(9, 'A', 'arrival'), stopSequence: 3 }], way).visits.map((v) => v.call.position),
    ).toEqual([3]);
  });
});

it('the order in which observations came changes nothing', () => {
  const all: Observation[] = [
    ...drive(punctual, 5, { noiseM: normalNoise(7, 5) }),
    { at: 160_000, stopId: 'B', event: 'arrival' },
    { at: 160_000, stopId: 'B', event: 'doors-opened' },
    { at: 160_000, stopId: 'B', status: 'stopped-at' },
    { at: 280_000, stopId: 'C', status: 'stopped-at' },
  ];
  const expected = stopVisits(all, street);
  fc.assert(
    fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (shuffled) => {
      expect(stopVisits(shuffled, street)).toEqual(expected);
    }),
    { numRuns: 30 },
  );
});
