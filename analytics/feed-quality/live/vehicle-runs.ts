import { type Instant, MINUTE_MS, SECOND_MS } from '#domain/instant.ts';
import { receiverJumps } from '../../transit/receiver-jumps.ts';
import { segmentNear } from '../../transit/shape.ts';
import { OFF_WAY_M } from '../../transit/visits-from-positions.ts';
import { DROVE_KMH, DROVE_M, NO_JUMP_M, STANDS_AT_STOPS, STUCK_M, usualLimits } from './feed-limits.ts';
import { globeMetres } from './globe-metres.ts';
import type { RuleTally } from './rule-tally.ts';
import type { VehicleMoment } from './vehicle-moments.ts';

/** The vehicle at one place, to the last digit. */
interface StillRun {
  from: Instant;
  to: Instant;
  speedKmh: number;
  /** Of each trip, since an odometer may begin anew with it. */
  odometers: Map<string | undefined, { least: number; most: number }>;
  drivenM: number;
  stops: Set<string>;
  found: boolean;
}

/** The vehicle with one next stop of its trip. */
interface StopRun {
  from: Instant;
  movedM: number;
  found: boolean;
}

export interface VehicleRuns {
  take(moment: VehicleMoment): void;
  /** Minutes at one place though it drove; undefined where it is not frozen. */
  frozenMin(): number | undefined;
}

/** More trips, while a vehicle stands at one place, are not told apart. */
const MOST_TRIPS = 8;

/** What is judged by a vehicle's moments in order: steps, standing, the next stop, and the way of its trip. */
export function vehicleRuns(vehicleId: string, tally: RuleTally): VehicleRuns {
  let before: VehicleMoment | undefined;
  let still: StillRun | undefined;
  let stop: StopRun | undefined;
  let way: { key: string; isJump: ReturnType<typeof receiverJumps>; segment: number } | undefined;

  const judgeTrips = ({ namedTrip, otherTrip, receivedAt }: VehicleMoment) => {
    if (namedTrip === undefined) return;
    tally.looked('one-vehicle-on-two-trips', receivedAt);
    if (otherTrip === undefined) return;
    const both = [namedTrip, otherTrip].sort().join(', ');
    tally.found('one-vehicle-on-two-trips', vehicleId, receivedAt, both);
  };

  const judgeWay = (moment: VehicleMoment) => {
    for (const p of moment.positions) {
      if (!p.way) continue;
      if (way?.key !== p.way.key) way = { key: p.way.key, isJump: receiverJumps(), segment: -1 };
      tally.looked('off-shape', moment.receivedAt);
      if (way.isJump(p)) continue;
      way.segment = segmentNear(p.way.shape, p, OFF_WAY_M, way.segment);
      if (way.segment < 0)
        tally.found(
          'off-shape',
          vehicleId,
          moment.receivedAt,
          `${p.way.tripId}: over ${OFF_WAY_M} m from its way`,
        );
    }
  };

  const judgeJump = (stepM: number, stepS: number, receivedAt: Instant) => {
    tally.looked('impossible-jump', receivedAt);
    if (stepM > NO_JUMP_M && stepM * 3.6 > stepS * usualLimits.maxKmh)
      tally.found(
        'impossible-jump',
        vehicleId,
        receivedAt,
        `${Math.round(stepM)} m in ${Math.round(stepS)} s`,
      );
  };

  const judgeStill = (m: VehicleMoment, stepM: number | undefined) => {
    if (stepM !== 0 || !still) {
      tally.looked('frozen-vehicle', m.receivedAt);
      still = {
        from: m.at,
        to: m.at,
        speedKmh: 0,
        odometers: new Map(),
        drivenM: 0,
        stops: new Set(),
        found: false,
      };
    }
    still.to = m.at;
    still.speedKmh = Math.max(still.speedKmh, m.speedKmh ?? 0);
    if (m.stopId !== undefined && still.stops.size <= STANDS_AT_STOPS) still.stops.add(m.stopId);
    if (m.odometerM !== undefined) measure(still, m.tripId, m.odometerM);
    if (still.found || !isFrozen(still)) return;
    still.found = true;
    tally.found(
      'frozen-vehicle',
      vehicleId,
      m.receivedAt,
      `one place for ${minutes(still)} min, though it drove`,
    );
  };

  const judgeStop = (m: VehicleMoment, stepM: number | undefined) => {
    const { tripId, stopSequence } = m;
    if (tripId !== before?.tripId || stopSequence !== before?.stopSequence) {
      stop = undefined;
      if (tripId === undefined || stopSequence === undefined) return;
      tally.looked('stuck-sequence', m.receivedAt);
      stop = { from: m.at, movedM: 0, found: false };
    }
    if (!stop) return;
    stop.movedM += stepM ?? 0;
    if (stop.found || m.at - stop.from < usualLimits.stuckMin * MINUTE_MS || stop.movedM <= STUCK_M) return;
    stop.found = true;
    tally.found(
      'stuck-sequence',
      vehicleId,
      m.receivedAt,
      `stop ${stopSequence} of ${tripId} for ${Math.floor((m.at - stop.from) / MINUTE_MS)} min and ${Math.round(stop.movedM)} m`,
    );
  };

  return {
    take: (m) => {
      judgeTrips(m);
      judgeWay(m);
      const { place } = m;
      if (!place) return;
      const stepM = before && globeMetres(before.place!.lat, before.place!.lon, place.lat, place.lon);
      if (stepM !== undefined) judgeJump(stepM, (m.at - before!.at) / SECOND_MS, m.receivedAt);
      judgeStill(m, stepM);
      judgeStop(m, stepM);
      before = m;
    },
    frozenMin: () => (still && isFrozen(still) ? minutes(still) : undefined),
  };
}

function isFrozen({ from, to, speedKmh, drivenM, stops }: StillRun): boolean {
  return (
    to - from >= usualLimits.frozenMin * MINUTE_MS &&
    (speedKmh > DROVE_KMH || drivenM > DROVE_M || stops.size > STANDS_AT_STOPS)
  );
}

function measure(still: StillRun, tripId: string | undefined, odometerM: number): void {
  const own = still.odometers.get(tripId);
  if (!own) {
    if (still.odometers.size < MOST_TRIPS) still.odometers.set(tripId, { least: odometerM, most: odometerM });
    return;
  }
  own.least = Math.min(own.least, odometerM);
  own.most = Math.max(own.most, odometerM);
  still.drivenM = Math.max(still.drivenM, own.most - own.least);
}

function minutes({ from, to }: StillRun): number {
  return Math.floor((to - from) / MINUTE_MS);
}
