import { expect, it } from 'vitest';
import { simulatedCity } from '#device-sim/city/simulated-city.ts';
import { cityTransit } from '#device-sim/transit/city-transit.ts';
import { nativeReadings } from '#device-sim/transit/native-readings.ts';
import type { TripRun } from '#device-sim/transit/service-day.ts';
import { serviceDays } from '#device-sim/transit/service-days.ts';
import { vehicleReports } from '#device-sim/transit/vehicle-reports.ts';
import { HOUR_MS, parseInstant } from '#domain/instant.ts';
import { readingKinds } from '#domain/readings/reading-kinds.ts';

const city = simulatedCity({ seed: 1, sensors: 60 });
const network = cityTransit(city);
const day = serviceDays(network, city.seed, city).day('2026-10-06');
const ran = (patternId: string): TripRun[] =>
  day.runs.filter((r) => r.pattern.patternId === patternId && r.fate !== 'canceled');

/** Seconds between departures from a stop, in the order of the departures. */
function headways(patternId: string, stop: number): number[] {
  const left = ran(patternId)
    .map((r) => r.visits[stop]!.departureAt)
    .sort((a, b) => a - b);
  return left.slice(1).map((at, i) => (at - left[i]!) / 1_000);
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const waitMin = (h: readonly number[]) => sum(h.map((s) => s * s)) / (2 * sum(h)) / 60;

it('2 % of the trips are called off and 3 % run unobserved', () => {
  const share = (fate: string) => day.runs.filter((r) => r.fate === fate).length / day.runs.length;
  expect(share('canceled')).toBeCloseTo(0.02, 3);
  expect(share('unobserved')).toBeCloseTo(0.03, 3);
});

it('on the line that bunches 15 % of headways are bunched and the wait is 1.8 minutes longer than promised', () => {
  for (const patternId of ['1-0', '1-1']) {
    for (const stop of [0, 6, 12]) {
      const h = headways(patternId, stop);
      expect(h.filter((s) => s < 90).length / h.length).toBeCloseTo(0.15, 1.5);
      expect(Math.abs(waitMin(h) - 3 - 1.8)).toBeLessThan(0.15);
    }
  }
});

it('the punctual line leaves every stop within a minute of the timetable', () => {
  const late = ran('2-0').flatMap((r) =>
    r.visits.slice(0, -1).map((v, n) => (v.departureAt - day.dayStartAt) / 1_000 - r.trip.departureS[n]!),
  );
  const onTime = late.filter((s) => s >= 0 && s <= 60).length / late.length;
  expect(onTime).toBeGreaterThan(0.95);
});

it('the slow zone costs 90 s by day, and nothing at night', () => {
  const { slowZone, stops } = network.patterns.find((p) => p.patternId === '3-0')!;
  expect(slowZone!.toM - slowZone!.fromM).toBe(700);
  const n = stops.findIndex((s) => s.alongM === slowZone!.fromM);
  const through = (from: number, to: number) =>
    ran('3-0')
      .filter((r) => r.trip.departureS[0]! >= from * 3_600 && r.trip.departureS[0]! < to * 3_600)
      .map((r) => (r.visits[n + 1]!.arrivalAt - r.visits[n]!.departureAt) / 1_000)
      .sort((a, b) => a - b);
  const median = (values: number[]) => values[Math.floor(values.length / 2)]!;
  expect(Math.abs(median(through(10, 15)) - median(through(20, 23)) - 90)).toBeLessThan(12);
});

it('nobody is lost between doors, and the counters miss one boarding in twenty', () => {
  let counted = 0;
  let boarded = 0;
  for (const { visits } of day.runs) {
    let load = 0;
    for (const v of visits) {
      load += v.boarded - v.alighted;
      expect(v.load).toBe(load);
      counted += v.countedBoarded;
      boarded += v.boarded;
    }
    expect(load).toBe(0);
  }
  expect(boarded).toBeGreaterThan(5_000);
  expect(Math.abs(counted / boarded - 0.95)).toBeLessThan(0.01);
});

it('no vehicle is in two places, nor does one overtake another', () => {
  const byVehicle = Map.groupBy(
    day.runs.filter((r) => r.fate !== 'canceled'),
    (r) => r.vehicleId,
  );
  for (const runs of byVehicle.values()) {
    const times = runs.map((r) => [r.startAt, r.startAt + r.alongM.length * 1_000] as const);
    times.sort((a, b) => a[0] - b[0]);
    times.slice(1).forEach(([from], i) => {
      expect(from).toBeGreaterThanOrEqual(times[i]![1]);
    });
  }
  for (const { patternId, stops } of network.patterns) {
    const order = ran(patternId).sort((a, b) => a.startAt - b.startAt);
    for (let n = 0; n < stops.length; n++) {
      order.slice(1).forEach((run, i) => {
        expect(run.visits[n]!.departureAt).toBeGreaterThan(order[i]!.visits[n]!.departureAt);
      });
    }
  }
});

it('the same seed reports the same from wherever it started, and every reading is one', () => {
  const from = parseInstant('2026-10-06T07:00:00Z')!;
  const to = from + HOUR_MS / 4;
  const reported = (start: number): string[] => {
    const texts: string[] = [];
    const days = serviceDays(network, city.seed, city);
    for (const report of vehicleReports({ days, seed: city.seed, from: start, to, everyS: 30 })) {
      if (report.at < from) continue;
      texts.push(...nativeReadings(report).map((r) => JSON.stringify(r)));
    }
    return texts;
  };
  const texts = reported(from);
  expect(texts.length).toBeGreaterThan(400);
  const loads = (text: string) => text.includes('"load"');
  // What counters have aboard is known from the trip's start only.
  expect(texts.filter((t) => !loads(t))).toEqual(reported(from - HOUR_MS / 2).filter((t) => !loads(t)));
  for (const text of texts) {
    const reading = JSON.parse(text);
    const kind = readingKinds.find((k) => k.kind === reading.kind)!;
    expect(kind.schema.safeParse(reading).error).toBeUndefined();
    expect(kind.impossible(reading as never)).toBeUndefined();
  }
});
