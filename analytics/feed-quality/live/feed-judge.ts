import { formatInstant, HOUR_MS, type Instant, MINUTE_MS, parseInstant, SECOND_MS } from '#domain/instant.ts';
import { type FeedStatus, feedStatus } from '#domain/readings/feed-status.ts';
import { type StopEvent, stopEvent } from '#domain/readings/stop-event.ts';
import { type TripUpdate, tripUpdate } from '#domain/readings/trip-update.ts';
import { type VehiclePosition, vehiclePosition } from '#domain/readings/vehicle-position.ts';
import { usualLimits } from './feed-limits.ts';
import { feedStatuses } from './feed-statuses.ts';
import type { KnownNames } from './known-names.ts';
import { type RecentContents, recentContents } from './recent-contents.ts';
import { type RuleSum, reportRules, ruleTally, runRules, tallySince } from './rule-tally.ts';
import { SETTLES_MS, type VehicleMoments, vehicleMoments } from './vehicle-moments.ts';
import type { ReportWay } from './vehicle-report.ts';
import { type VehicleRuns, vehicleRuns } from './vehicle-runs.ts';

/** A reading as admission judged it. */
export interface FeedReading {
  kind: string;
  outcome: 'admitted' | 'ahead' | 'refused';
  /** undefined where it tells no moment that exists. */
  observedAt: Instant | undefined;
  /** As sent: of a refused one any field may be anything. */
  reading: Readonly<Record<string, unknown>>;
}

/** What a judge asks of the city around it. */
export interface JudgeContext {
  known(): KnownNames | undefined;
  wayOf(reading: VehiclePosition, at: Instant): ReportWay | undefined;
  /** How much more of anything may be held, by all feeds together. */
  room: { left: number };
}

export interface VehicleNow {
  vehicleId: string;
  /** Seconds its last report was old when it came; minutes at one place. */
  for: number;
}

export interface LiveFeed {
  deviceId: string;
  madeBy: string | null;
  lastHeardAt: Instant;
  /** Of its last snapshot, by its own header; null where it sends none. */
  headerAt: Instant | null;
  lastSnapshot: 'fresh' | 'stale' | 'frozen' | null;
  /** What it heard and could use, by its own count; null where it does not tell. */
  heard: number | null;
  used: number | null;
  readings: number;
  /** Heard in the hour; in the last five minutes. */
  vehicles: number;
  vehiclesNow: number;
  /** Of those of the last five minutes, the worst first, so many are listed and so many there are. */
  staleNow: VehicleNow[];
  staleVehicles: number;
  frozenNow: VehicleNow[];
  frozenVehicles: number;
  rules: RuleSum[];
}

export interface FeedJudge {
  readonly lastHeardAt: Instant;
  put(receivedAt: Instant, readings: readonly FeedReading[]): void;
  survey(now: Instant): LiveFeed;
  /** Gives back all that it holds. */
  end(): void;
}

/** Heard within this, a vehicle is out. */
const NOW_MS = 5 * MINUTE_MS;
const SHARED_TRIP_MS = 5 * MINUTE_MS;
const VEHICLES_LISTED = 5;

interface Vehicle {
  contents: RecentContents;
  moments: VehicleMoments;
  runs: VehicleRuns;
  heardAt: Instant;
  /** How old its last report was when it came. */
  ageMs: number;
}

interface SharedTrip {
  vehicleId: string | undefined;
  found: boolean;
  heardAt: Instant;
}

/**
 * The rules of `feed-quality-views.sql` on one feed, while its readings come: the same names, limits and counts, of the last hour of receipt.
 * A finding counts at the receipt of the reading that made it one, and there is no midnight.
 */
export function feedJudge(deviceId: string, context: JudgeContext): FeedJudge {
  const { room } = context;
  const tally = ruleTally();
  const statuses = feedStatuses();
  const vehicles = new Map<string, Vehicle>();
  const others = new Map<string, { contents: RecentContents; heardAt: Instant }>();
  const shared = new Map<string, SharedTrip>();
  let lastHeardAt = Number.NEGATIVE_INFINITY;
  let madeBy: string | undefined;
  let sawStatus = false;

  /** From a map of what is held, made where there is room. */
  const heldIn = <T extends { heardAt: Instant }>(
    map: Map<string, T>,
    key: string,
    heardAt: Instant,
    make: () => T,
  ): T | undefined => {
    let one = map.get(key);
    if (!one) {
      if (room.left <= 0) return undefined;
      room.left -= 1;
      one = make();
      map.set(key, one);
    }
    one.heardAt = Math.max(one.heardAt, heardAt);
    return one;
  };

  const newVehicle = (vehicleId: string, heardAt: Instant): Vehicle => ({
    contents: recentContents(),
    moments: vehicleMoments(),
    runs: vehicleRuns(vehicleId, tally),
    heardAt,
    ageMs: 0,
  });

  const judgeNames = (
    vehicleId: string | undefined,
    names: { tripId?: string | undefined; stopId?: string | undefined; relationship?: string | undefined },
    receivedAt: Instant,
  ) => {
    const known = context.known();
    // A trip that the feed itself calls added is none to look for.
    if (!known || !isOfTimetable(names.relationship)) return;
    const look = (
      rule: 'unknown-trip' | 'unknown-stop',
      name: string | undefined,
      all: ReadonlySet<string>,
    ) => {
      if (name === undefined) return;
      if (known.tooMany) return tally.left(rule, receivedAt);
      tally.looked(rule, receivedAt);
      if (!all.has(name)) tally.found(rule, vehicleId, receivedAt, name);
    };
    look('unknown-trip', names.tripId, known.trips);
    look('unknown-stop', names.stopId, known.stops);
  };

  /** Five minutes of a trip; what was refused is looked at, as in the report, but says of no vehicle that it is on it. */
  const judgeShared = (
    r: { tripId?: unknown; serviceDate?: unknown; startTime?: unknown },
    vehicleId: string | undefined,
    at: Instant,
    receivedAt: Instant,
  ) => {
    if (typeof r.tripId !== 'string') return;
    const key = [r.tripId, r.serviceDate, r.startTime, Math.floor(at / SHARED_TRIP_MS)].join('|');
    const isNew = !shared.has(key);
    const own = heldIn(shared, key, receivedAt, () => ({ vehicleId, found: false, heardAt: receivedAt }));
    if (!own) return tally.left('two-vehicles-on-one-trip', receivedAt);
    if (isNew) tally.looked('two-vehicles-on-one-trip', receivedAt);
    own.vehicleId ??= vehicleId;
    if (own.found || vehicleId === undefined || own.vehicleId === vehicleId) return;
    own.found = true;
    const both = [own.vehicleId, vehicleId].sort().join(', ');
    tally.found('two-vehicles-on-one-trip', undefined, receivedAt, `${r.tripId}: ${both}`);
  };

  /** Of what was refused too. */
  const judgeReport = ({ reading, observedAt, outcome }: FeedReading, receivedAt: Instant) => {
    const { lat, lon } = reading;
    const vehicleId = typeof reading.vehicleId === 'string' ? reading.vehicleId : undefined;
    for (const rule of reportRules) tally.looked(rule, receivedAt);
    const found = (rule: (typeof reportRules)[number], detail: string) =>
      tally.found(rule, vehicleId, receivedAt, detail);
    if (outcome === 'ahead') found('clock-ahead', `says ${formatInstant(observedAt!)}`);
    if (observedAt !== undefined && receivedAt - observedAt > usualLimits.staleVehicleS * SECOND_MS)
      found('stale-vehicle', `${Math.floor((receivedAt - observedAt) / SECOND_MS)} s old`);
    if (lat === 0 && lon === 0) found('zero-position', '0, 0');
    if (outcome !== 'admitted' && observedAt !== undefined && typeof reading.tripId === 'string') {
      tally.looked('one-vehicle-on-two-trips', receivedAt);
      judgeShared(reading, undefined, observedAt, receivedAt);
    }
    if ((typeof lat === 'number' && Math.abs(lat) > 90) || (typeof lon === 'number' && Math.abs(lon) > 180))
      found('position-off-earth', `${lat}, ${lon}`);
  };

  const judgePosition = (r: VehiclePosition, at: Instant, receivedAt: Instant) => {
    const { vehicleId, tripId, stopId } = r;
    const vehicle = heldIn(vehicles, vehicleId, receivedAt, () => newVehicle(vehicleId, receivedAt));
    if (!vehicle) {
      for (const rule of ['conflicting-duplicate', ...runRules] as const) tally.left(rule, receivedAt);
      return;
    }
    vehicle.ageMs = receivedAt - at;
    const name = String(vehiclePosition.identity(r, at));
    const standing = vehicle.contents.stand(at, name, vehiclePosition.content(r));
    if (standing === 'duplicate') return;
    if (standing === 'unknown') tally.left('conflicting-duplicate', receivedAt);
    if (standing === 'restated')
      tally.found(
        'conflicting-duplicate',
        vehicleId,
        receivedAt,
        'other content of the same vehicle and moment',
      );
    if (r.lat === undefined && r.lon === undefined)
      tally.found('no-position', vehicleId, receivedAt, 'no position');
    judgeNames(vehicleId, { tripId, stopId, relationship: r.scheduleRelationship }, receivedAt);
    judgeShared(r, vehicleId, at, receivedAt);
    const isInTime = vehicle.moments.put({
      at,
      receivedAt,
      event: r.event ?? '',
      lat: r.lat,
      lon: r.lon,
      speedKmh: r.speedKmh,
      odometerM: r.odometerM,
      tripId,
      stopId,
      stopSequence: r.stopSequence,
      way: r.lat === undefined ? undefined : context.wayOf(r, at),
    });
    // As reports come, and not all vehicles together when somebody asks: the thread tells stop visits beside.
    vehicle.moments.settle(receivedAt - SETTLES_MS, vehicle.runs.take);
    if (isInTime) return;
    if (r.lat !== undefined) for (const rule of runRules) tally.left(rule, receivedAt);
    if (tripId !== undefined) tally.left('one-vehicle-on-two-trips', receivedAt);
  };

  const isRepeated = (subject: string, receivedAt: Instant, ...of: Parameters<RecentContents['stand']>) => {
    const make = () => ({ contents: recentContents(), heardAt: receivedAt });
    return heldIn(others, subject, receivedAt, make)?.contents.stand(...of) === 'duplicate';
  };

  const judgeEvent = (r: StopEvent, at: Instant, receivedAt: Instant) => {
    const name = String(stopEvent.identity(r, at));
    if (isRepeated(`event/${r.vehicleId}`, receivedAt, at, name, stopEvent.content(r))) return;
    judgeNames(r.vehicleId, r, receivedAt);
  };

  const judgeUpdate = (r: TripUpdate, at: Instant, receivedAt: Instant) => {
    const name = String(tripUpdate.identity(r, 0));
    if (isRepeated(`update/${name}`, receivedAt, at, name, tripUpdate.content(r))) return;
    const { vehicleId, tripId, scheduleRelationship: relationship } = r;
    judgeNames(vehicleId, { tripId, relationship }, receivedAt);
    let latest: Instant | undefined;
    for (const call of r.stops) {
      const arrivalAt = moment(call.arrivalAt);
      const departureAt = moment(call.departureAt);
      tally.looked('times-run-back', receivedAt);
      const isBack =
        (arrivalAt !== undefined && departureAt !== undefined && departureAt < arrivalAt) ||
        (latest !== undefined && (arrivalAt ?? departureAt ?? latest) < latest);
      if (isBack)
        tally.found('times-run-back', vehicleId, receivedAt, `${tripId ?? vehicleId} at ${call.stopId}`);
      const goesOn = departureAt ?? arrivalAt;
      if (goesOn !== undefined) latest = Math.max(latest ?? goesOn, goesOn);
      judgeNames(vehicleId, { stopId: call.stopId }, receivedAt);
    }
  };

  const judgeAdmitted = ({ kind, reading, observedAt }: FeedReading, receivedAt: Instant) => {
    const at = observedAt!;
    if (kind === vehiclePosition.kind) judgePosition(reading as unknown as VehiclePosition, at, receivedAt);
    else if (kind === stopEvent.kind) judgeEvent(reading as unknown as StopEvent, at, receivedAt);
    else if (kind === tripUpdate.kind) judgeUpdate(reading as unknown as TripUpdate, at, receivedAt);
    else if (kind === feedStatus.kind) {
      const { headerAt, heard, used, unusable = {} } = reading as unknown as FeedStatus;
      sawStatus = true;
      statuses.put({ at, receivedAt, headerAt: moment(headerAt), heard, used, unusable });
    }
  };

  const forget = (before: Instant) => {
    for (const map of [vehicles, others, shared] as Map<string, { heardAt: Instant }>[]) {
      for (const [key, { heardAt }] of map) {
        if (heardAt >= before) continue;
        map.delete(key);
        room.left += 1;
      }
    }
  };

  return {
    get lastHeardAt() {
      return lastHeardAt;
    },
    put: (receivedAt, readings) => {
      lastHeardAt = Math.max(lastHeardAt, receivedAt);
      for (const one of readings) {
        if (one.kind !== feedStatus.kind) tally.received(receivedAt);
        if (typeof one.reading.feed === 'string') madeBy = one.reading.feed;
        if (one.kind === vehiclePosition.kind) judgeReport(one, receivedAt);
        if (one.outcome === 'admitted') judgeAdmitted(one, receivedAt);
      }
    },
    survey: (now) => {
      const since = tallySince(now);
      forget(now - HOUR_MS);
      const stale: VehicleNow[] = [];
      const frozen: VehicleNow[] = [];
      let vehiclesNow = 0;
      for (const [vehicleId, vehicle] of vehicles) {
        vehicle.moments.settle(now - SETTLES_MS, vehicle.runs.take);
        if (vehicle.heardAt < now - NOW_MS) continue;
        vehiclesNow += 1;
        if (vehicle.ageMs > usualLimits.staleVehicleS * SECOND_MS)
          stale.push({ vehicleId, for: Math.floor(vehicle.ageMs / SECOND_MS) });
        const frozenMin = vehicle.runs.frozenMin();
        if (frozenMin !== undefined) frozen.push({ vehicleId, for: frozenMin });
      }
      const told = statuses.sum(since);
      const { last } = told;
      return {
        deviceId,
        madeBy: madeBy ?? null,
        lastHeardAt,
        headerAt: last?.headerAt ?? null,
        lastSnapshot:
          last?.headerAt === undefined ? null : last.frozen ? 'frozen' : last.stale ? 'stale' : 'fresh',
        heard: sawStatus ? told.heard : null,
        used: sawStatus ? told.used : null,
        readings: tally.readings(now),
        vehicles: vehicles.size,
        vehiclesNow,
        staleNow: worst(stale),
        staleVehicles: stale.length,
        frozenNow: worst(frozen),
        frozenVehicles: frozen.length,
        rules: [...told.rules, ...tally.sums(now)],
      };
    },
    end: () => forget(Number.POSITIVE_INFINITY),
  };
}

function isOfTimetable(relationship = 'scheduled'): boolean {
  return relationship === 'scheduled' || relationship === 'canceled' || relationship === 'deleted';
}

function moment(text: string | undefined): Instant | undefined {
  return text === undefined ? undefined : parseInstant(text);
}

function worst(vehicles: readonly VehicleNow[]): VehicleNow[] {
  return [...vehicles]
    .sort((a, b) => b.for - a.for || (a.vehicleId < b.vehicleId ? -1 : 1))
    .slice(0, VEHICLES_LISTED);
}
