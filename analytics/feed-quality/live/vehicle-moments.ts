import { type Instant, SECOND_MS } from '#domain/instant.ts';
import type { ReportWay, VehicleReport } from './vehicle-report.ts';

/** What a vehicle said of one moment: reports that differ in their event, or restate one another, together. */
export interface VehicleMoment {
  at: Instant;
  /** When it was first told of. */
  receivedAt: Instant;
  /** The last one by the order of the log; undefined where none had a position. */
  place: Position | undefined;
  /** Of the reports with a position: the fastest, and the first that names each of the rest. */
  speedKmh: number | undefined;
  odometerM: number | undefined;
  tripId: string | undefined;
  stopId: string | undefined;
  stopSequence: number | undefined;
  /** Named by any report, with a position or without. */
  namedTrip: string | undefined;
  otherTrip: string | undefined;
  /** Positions in force, one an event, each with the way it should lie on: those without one are not asked for. */
  positions: readonly Position[];
}

interface Position {
  event: string;
  at: Instant;
  lat: number;
  lon: number;
  way: ReportWay | undefined;
}

/** So long after it came a moment is put in order: what comes later than others, by less than this, finds its place. */
export const SETTLES_MS = 30 * SECOND_MS;
/** More is never held, however often a vehicle reports. */
const MOST_HELD = 256;

export interface VehicleMoments {
  /** False where moments after it are settled already. */
  put(report: VehicleReport): boolean;
  /** In order of time, those that came by `until`. */
  settle(until: Instant, take: (moment: VehicleMoment) => void): void;
}

/** Puts a vehicle's reports in order of time, each once those around it have had time to come. */
export function vehicleMoments(): VehicleMoments {
  const held: VehicleMoment[] = [];
  let settledUpTo = Number.NEGATIVE_INFINITY;
  const over: VehicleMoment[] = [];
  return {
    put: (report) => {
      if (report.at <= settledUpTo) return false;
      let i = held.length;
      while (i > 0 && held[i - 1]!.at > report.at) i -= 1;
      const same = held[i - 1];
      if (same?.at === report.at) {
        add(same, report);
        return true;
      }
      const moment = emptyMoment(report);
      add(moment, report);
      held.splice(i, 0, moment);
      if (held.length > MOST_HELD) {
        const first = held.shift()!;
        settledUpTo = first.at;
        over.push(first);
      }
      return true;
    },
    settle: (until, take) => {
      if (over.length > 0) for (const moment of over.splice(0)) take(moment);
      let n = 0;
      while (n < held.length && held[n]!.receivedAt <= until) n += 1;
      if (n === 0) return;
      settledUpTo = held[n - 1]!.at;
      for (const moment of held.splice(0, n)) take(moment);
    },
  };
}

const none: readonly Position[] = [];

function emptyMoment({ at, receivedAt }: VehicleReport): VehicleMoment {
  return {
    at,
    receivedAt,
    place: undefined,
    speedKmh: undefined,
    odometerM: undefined,
    tripId: undefined,
    stopId: undefined,
    stopSequence: undefined,
    namedTrip: undefined,
    otherTrip: undefined,
    positions: none,
  };
}

function add(m: VehicleMoment, r: VehicleReport): void {
  const { event, at, lat, lon, way, tripId } = r;
  m.namedTrip ??= tripId;
  if (tripId !== undefined && tripId !== m.namedTrip) m.otherTrip ??= tripId;
  // What restates another takes its place.
  const others = m.positions.length === 0 ? none : m.positions.filter((p) => p.event !== event);
  m.positions = others;
  if (lat === undefined || lon === undefined) return;
  const position: Position = { event, at, lat, lon, way };
  if (way) m.positions = others.length === 0 ? [position] : [...others, position];
  m.place = position;
  if (r.speedKmh !== undefined) m.speedKmh = Math.max(m.speedKmh ?? r.speedKmh, r.speedKmh);
  m.odometerM ??= r.odometerM;
  m.tripId ??= tripId;
  m.stopId ??= r.stopId;
  m.stopSequence ??= r.stopSequence;
}
