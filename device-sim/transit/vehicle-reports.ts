import { type Instant, MINUTE_MS, SECOND_MS } from '#domain/instant.ts';
import { bell, nameHash, noise } from '../random.ts';
import { degreesOf, placeOn } from './line.ts';
import type { TripRun, TrueVisit } from './service-day.ts';
import type { ServiceDays } from './service-days.ts';

/** What a vehicle, or the control room, tells at one moment, whatever the format it is then sent in. */
export type Report = { at: Instant; receivedAt: Instant; run: TripRun } & (
  | {
      type: 'position';
      lat: number;
      lon: number;
      speedKmh: number;
      headingDeg: number;
      odometerM: number;
      /** The visit under way, else the next to come; undefined after the last. */
      visit: TrueVisit | undefined;
      atStop: boolean;
    }
  | { type: 'arrival' | 'departure' | 'passing'; visit: TrueVisit }
  /** Who got on and off, as the counter has it. */
  | { type: 'counts'; visit: TrueVisit; countedLoad: number }
  | { type: 'canceled' }
);

export interface ReportsOptions {
  days: ServiceDays;
  seed: number;
  from: Instant;
  /** Infinity: for ever. */
  to: Instant;
  /** Seconds between two positions of a vehicle. */
  everyS: number;
  /** Called with each trip when the time it is (or was to be) driven at has come. */
  onRun?: (run: TripRun) => void;
}

/** Of a receiver, standard deviation on each axis. */
const NOISE_M = 3;
/** From the vehicle to the receiver of its report. */
const LATENCY_MS = 400;
const MORE_LATENCY_MS = 600;
/** A trip called off is told so long before. */
const CANCELED_BEFORE_MS = 30 * MINUTE_MS;

/** All that is reported in [from, to), by when it is received. A vehicle of an unobserved trip says nothing. */
export function* vehicleReports(options: ReportsOptions): Generator<Report, void, undefined> {
  const { days, from, to } = options;
  const loads = new Map<TripRun, number>();
  let dates: string[] = [];
  let waiting: TripRun[] = [];
  const known = new Set<string>();
  const out = new Set<TripRun>();
  for (let at = Math.floor(from / MINUTE_MS) * MINUTE_MS; at < to; at += MINUTE_MS) {
    if (dates.length === 0 || at % LOOKS_EVERY_MS === 0) {
      dates = days.datesIn(at, at + LOOKS_EVERY_MS);
      for (const date of dates) {
        if (known.has(date)) continue;
        known.add(date);
        waiting.push(...days.day(date).runs.filter((r) => endOf(r) > from));
        waiting.sort((a, b) => beginOf(a) - beginOf(b));
      }
      days.forgetBefore(dates[0] ?? '');
    }
    const begun = waiting.findIndex((r) => beginOf(r) >= at + MINUTE_MS);
    const begins = begun < 0 ? waiting : waiting.slice(0, begun);
    waiting = begun < 0 ? [] : waiting.slice(begun);
    for (const run of begins) {
      options.onRun?.(run);
      out.add(run);
    }
    const reports: Report[] = [];
    for (const run of out) {
      reportMinute(run, at, options, loads, reports);
      if (endOf(run) < at + MINUTE_MS) {
        out.delete(run);
        loads.delete(run);
      }
    }
    reports.sort((a, b) => a.receivedAt - b.receivedAt || a.at - b.at);
    for (const report of reports) if (report.at >= from && report.at < to) yield report;
  }
}

const LOOKS_EVERY_MS = 30 * MINUTE_MS;

function beginOf(run: TripRun): Instant {
  return run.fate === 'canceled' ? run.dueAt - CANCELED_BEFORE_MS : run.startAt;
}

function endOf(run: TripRun): Instant {
  return run.startAt + run.alongM.length * SECOND_MS;
}

function reportMinute(
  run: TripRun,
  minuteAt: Instant,
  { seed, everyS }: ReportsOptions,
  loads: Map<TripRun, number>,
  reports: Report[],
): void {
  const ends = minuteAt + MINUTE_MS;
  if (run.fate === 'canceled') {
    const at = run.dueAt - CANCELED_BEFORE_MS;
    if (at >= minuteAt && at < ends) reports.push({ type: 'canceled', run, at, receivedAt: at + LATENCY_MS });
    return;
  }
  if (run.fate === 'unobserved') return;
  const vehicle = nameHash(run.vehicleId);
  const everyMs = everyS * SECOND_MS;
  const phase = vehicle % everyMs;
  const lastAt = endOf(run) - SECOND_MS;
  const latency = (at: Instant) =>
    LATENCY_MS + (noise(seed, vehicle, Math.floor(at / SECOND_MS)) % MORE_LATENCY_MS);
  const firstAt = Math.max(minuteAt, run.startAt);
  let next = run.visits.findIndex((v) => v.departureAt >= firstAt);
  for (
    let at = Math.ceil((firstAt - phase) / everyMs) * everyMs + phase;
    at < ends && at <= lastAt;
    at += everyMs
  ) {
    while (next >= 0 && next < run.visits.length && run.visits[next]!.departureAt < at) next += 1;
    reports.push({ ...positionAt(run, at, seed, vehicle, run.visits[next]), receivedAt: at + latency(at) });
  }
  for (const visit of run.visits) {
    const { arrivalAt, departureAt } = visit;
    const tell = (type: 'arrival' | 'departure' | 'passing', at: Instant) => {
      if (at >= minuteAt && at < ends) reports.push({ type, run, visit, at, receivedAt: at + latency(at) });
    };
    if (!visit.halted) {
      tell('passing', arrivalAt);
      continue;
    }
    if (visit.position > 1) tell('arrival', arrivalAt);
    if (visit.position < run.visits.length) tell('departure', departureAt);
    const countedAt = Math.min(departureAt + SECOND_MS, lastAt);
    if (countedAt >= minuteAt && countedAt < ends) {
      const countedLoad = Math.max(0, (loads.get(run) ?? 0) + visit.countedBoarded - visit.alighted);
      loads.set(run, countedLoad);
      reports.push({
        type: 'counts',
        run,
        visit,
        countedLoad,
        at: countedAt,
        receivedAt: countedAt + latency(countedAt),
      });
    }
  }
}

function positionAt(
  run: TripRun,
  at: Instant,
  seed: number,
  vehicle: number,
  visit: TrueVisit | undefined,
): Omit<Report & { type: 'position' }, 'receivedAt'> {
  const seconds = (at - run.startAt) / SECOND_MS;
  const i = Math.min(run.alongM.length - 2, Math.floor(seconds));
  const a = run.alongM[i]!;
  const b = run.alongM[i + 1]!;
  const alongM = a + (b - a) * (seconds - i);
  const place = placeOn(run.pattern.line, alongM);
  const index = Math.floor(at / 100);
  const off = degreesOf(
    NOISE_M * bell(noise(seed, vehicle ^ 0x6e, index)),
    NOISE_M * bell(noise(seed, vehicle ^ 0xea, index)),
    place.lat,
  );
  return {
    type: 'position',
    run,
    at,
    lat: round(place.lat + off.lat, 1e6),
    lon: round(place.lon + off.lon, 1e6),
    speedKmh: round((b - a) * 3.6, 10),
    headingDeg: Math.round(place.headingDeg) % 360,
    odometerM: Math.round(alongM),
    visit,
    atStop: visit?.halted === true && at >= visit.arrivalAt && at <= visit.departureAt,
  };
}

function round(value: number, scale: number): number {
  return Math.round(value * scale) / scale;
}
