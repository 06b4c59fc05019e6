import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Row, rowsOf } from '#analytics/measures/rows.ts';
import { runMeasure } from '#analytics/measures/run-measure.ts';
import { matchDate } from '#analytics/transit/match-date.ts';
import { HOUR_MS, type Instant } from '#domain/instant.ts';
import { removeTemporaryFolders, temporaryFolder } from '../../unit/gtfs/small-feed.ts';
import { logReadings, percentile, simulatedBuses, trueVisits } from './simulated-transit-lake.ts';

const date = '2026-10-06';
const buses = simulatedBuses(date);
const truth = trueVisits(buses.day);
const { timezone } = buses.city;
afterAll(removeTemporaryFolders);

/** A session with what vehicles report every so often in a span, matched. */
async function matched(everyS: number, span?: { from: Instant; to: Instant }): Promise<DuckDBConnection> {
  const db = await buses.lake();
  await logReadings(db, temporaryFolder(), buses.reports(everyS, span));
  await match(db);
  return db;
}

async function match(db: DuckDBConnection): Promise<void> {
  await matchDate(db, date, timezone);
  for (const [table, from] of [
    ['trips_performed', 'matched_trips'],
    ['stop_visits', 'matched_visits'],
    ['passenger_counts', 'matched_counts'],
  ]) {
    await db.run(`DELETE FROM ${table}; INSERT INTO ${table} BY NAME FROM ${from}`);
  }
}

interface Seen {
  key: string;
  vehicle_id: string;
  arrival_ms: number | null;
  departure_ms: number | null;
}

async function seenVisits(db: DuckDBConnection): Promise<Seen[]> {
  return (await rowsOf(
    db,
    `SELECT trip_id || '/' || position AS key, vehicle_id, epoch_ms(arrival_at)::DOUBLE AS arrival_ms,
      epoch_ms(departure_at)::DOUBLE AS departure_ms FROM stop_visits WHERE relationship = 'scheduled'`,
  )) as unknown as Seen[];
}

interface Found {
  /** Of the visits that vehicles made, and told of, in the span. */
  share: number;
  /** Visits that no vehicle made, or another. */
  invented: string[];
  arrivalS: number[];
  departureS: number[];
}

async function heldAgainstTruth(db: DuckDBConnection, span?: { from: Instant; to: Instant }): Promise<Found> {
  const seen = await seenVisits(db);
  const keys = new Set(seen.map((s) => s.key));
  const whole = [...truth].filter(
    ([, { run, visit }]) =>
      run.fate === 'run' &&
      (!span || (visit.arrivalAt > span.from + 60_000 && visit.departureAt < span.to - 60_000)),
  );
  const known = seen.filter((s) => {
    const run = truth.get(s.key)?.run;
    return run?.fate === 'run' && run.vehicleId === s.vehicle_id;
  });
  const off = (told: 'arrival_ms' | 'departure_ms', true_: 'arrivalAt' | 'departureAt') =>
    known.flatMap((s) =>
      s[told] === null ? [] : [Math.abs(s[told] - truth.get(s.key)!.visit[true_]) / 1_000],
    );
  return {
    share: whole.filter(([key]) => keys.has(key)).length / whole.length,
    invented: seen.filter((s) => !known.includes(s)).map((s) => s.key),
    arrivalS: off('arrival_ms', 'arrivalAt'),
    departureS: off('departure_ms', 'departureAt'),
  };
}

describe('positions every second', () => {
  const span = { from: buses.day.dayStartAt + 7 * HOUR_MS, to: buses.day.dayStartAt + 7.4 * HOUR_MS };
  let db: DuckDBConnection;
  beforeAll(async () => {
    db = await matched(1, span);
  });
  afterAll(() => db.closeSync());

  it('give 99 % of the visits, none besides, nine arrivals in ten within 10 s', async () => {
    const found = await heldAgainstTruth(db, span);
    expect(found.share).toBeGreaterThan(0.99);
    expect(found.invented).toEqual([]);
    expect(percentile(found.arrivalS, 0.9)).toBeLessThan(2);
    expect(percentile(found.departureS, 0.9)).toBeLessThan(2);
  });

  it('do so without the speeds of the vehicles', async () => {
    await db.run('UPDATE readings SET speed_kmh = NULL');
    await match(db);
    const found = await heldAgainstTruth(db, span);
    expect(found.share).toBeGreaterThan(0.99);
    expect(found.invented).toEqual([]);
    expect(percentile(found.arrivalS, 0.9)).toBeLessThan(10);
    expect(percentile(found.departureS, 0.9)).toBeLessThan(10);
  });
});

describe('positions every 30 s of a day', () => {
  let db: DuckDBConnection;
  beforeAll(async () => {
    db = await matched(30);
  });
  afterAll(() => db.closeSync());
  const ask = async (measure: string, asked: Record<string, string> = {}): Promise<Row[]> => {
    const answer = await runMeasure(db, measure, {
      from_at: buses.day.dayStartAt,
      to_at: buses.day.dayStartAt + 27 * HOUR_MS,
      ...asked,
    });
    if (!answer.computable) throw new Error(answer.because);
    return answer.rows;
  };
  const runs = (routeId: string, fate: string) =>
    buses.day.runs.filter((r) => r.pattern.routeId === routeId && r.fate === fate);

  it('give 99 % of the visits, none besides, nine arrivals in ten within the 30 s', async () => {
    const found = await heldAgainstTruth(db);
    expect(found.share).toBeGreaterThan(0.99);
    expect(found.invented).toEqual([]);
    expect(percentile(found.arrivalS, 0.9)).toBeLessThan(30);
    expect(percentile(found.departureS, 0.9)).toBeLessThan(30);
  });

  it('show an excess wait of 1.8 minutes and 15 % bunched on the line that has them, and none on the punctual one', async () => {
    const [waits, bunched] = [await ask('excess-wait'), await ask('bunching', { by: 'route' })];
    for (const directionId of [0, 1]) {
      const of = (rows: Row[], routeId: string) =>
        rows.find((r) => r.route_id === routeId && r.direction_id === directionId)!;
      expect(Math.abs((of(waits, '1').ewt_min as number) - 1.8)).toBeLessThan(0.2);
      expect(Math.abs((of(bunched, '1').bunched_share as number) - 0.15)).toBeLessThan(0.03);
      expect(of(waits, '2').ewt_min).toBeLessThan(0.3);
      expect(of(bunched, '2').bunched).toBe(0);
    }
    const onTime = await ask('on-time-performance', { by: 'route', route: '2' });
    for (const row of onTime) expect(row.on_time_share).toBeGreaterThan(0.99);
  });

  it('keep trips called off and trips that nobody saw apart', async () => {
    const rows = await ask('service-delivered');
    expect(rows).toHaveLength(buses.network.routes.length);
    for (const row of rows) {
      const routeId = row.route_id as string;
      expect(row).toMatchObject({
        trips_seen: runs(routeId, 'run').length,
        trips_canceled: runs(routeId, 'canceled').length,
        trips_unobserved: runs(routeId, 'unobserved').length,
        trips_cut_short: 0,
        trips_added: 0,
      });
    }
  });

  it('show the slow zone at its place, and the 90 s it costs', async () => {
    const rows = await ask('segment-speeds', { route: '3' });
    const { slowZone, stops } = buses.network.patterns.find((p) => p.slowZone)!;
    const slow = rows.filter((r) => r.slow);
    expect(slow.map((r) => r.from_stop)).toEqual([stops.find((s) => s.alongM === slowZone!.fromM)!.stopId]);
    expect(Math.abs((slow[0]!.lost_s as number) - slowZone!.costS)).toBeLessThan(15);
  });

  it('show that counters miss one boarding in twenty', async () => {
    const visits = buses.day.runs.filter((r) => r.fate === 'run').flatMap((r) => r.visits);
    const total = (of: (v: (typeof visits)[number]) => number) => visits.reduce((sum, v) => sum + of(v), 0);
    const rows = await ask('ridership', { by: 'route' });
    const sum = (column: string) => rows.reduce((n, r) => n + Number(r[column]), 0);
    expect(sum('alightings')).toBe(total((v) => v.alighted));
    expect(sum('boardings')).toBe(total((v) => v.countedBoarded));
    // What is known without the truth: fewer got on than off.
    expect(Math.abs(sum('boardings') / sum('alightings') - 0.95)).toBeLessThan(0.005);
  });

  it('give what nobody saw, and so nobody counted, the passengers that truly rode there', async () => {
    const rows = await ask('passenger-service', { by: 'date' });
    const sum = (column: string) => rows.reduce((n, r) => n + Number(r[column]), 0);
    const trueKm = (fate: string) =>
      buses.day.runs
        .filter((r) => r.fate === fate)
        .flatMap(({ pattern, visits }) =>
          visits.slice(1).map((v, i) => {
            const [from, to] = [visits[i]!.position - 1, v.position - 1];
            return (visits[i]!.load * (pattern.stops[to]!.alongM - pattern.stops[from]!.alongM)) / 1e3;
          }),
        )
        .reduce((a, b) => a + b, 0);
    // Counters miss one boarding in twenty, and loads are balanced between the two sides: half of that.
    expect(Math.abs(sum('run_passenger_km') / trueKm('run') - 0.975)).toBeLessThan(0.015);
    // Three trips in a hundred, so by chance of who rode on these.
    expect(Math.abs(sum('unobserved_passenger_km') / trueKm('unobserved') - 0.975)).toBeLessThan(0.15);
    expect(sum('no_load_km')).toBe(0);
  });

  it('know the load of nine visits in ten, and better than the vehicle, which drifts by what its counter misses', async () => {
    const rows = await rowsOf(
      db,
      `SELECT trip_id || '/' || position AS key, departure_load, reported_load FROM stop_visits
       WHERE relationship = 'scheduled' AND NOT is_last`,
    );
    const off = (column: string) =>
      rows.flatMap((r) =>
        r[column] === null ? [] : [Math.abs((r[column] as number) - truth.get(r.key as string)!.visit.load)],
      );
    const mean = (values: number[]) => values.reduce((sum, n) => sum + n, 0) / values.length;
    expect(off('departure_load').length / rows.length).toBeGreaterThan(0.9);
    expect(mean(off('departure_load'))).toBeLessThan(0.6 * mean(off('reported_load')));
    expect(percentile(off('departure_load'), 0.9)).toBeLessThan(2);
  });
});
