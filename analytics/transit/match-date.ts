import { type DuckDBConnection, DuckDBTimestampTZValue } from '@duckdb/node-api';
import { type CityTime, cityTime } from '#domain/city-time.ts';
import { HOUR_MS, type Instant, SECOND_MS } from '#domain/instant.ts';
import { assignCounts } from './assign-counts.ts';
import { clocksBehind } from './clocks-behind.ts';
import { countsAppender } from './counts-appender.ts';
import type { Observation } from './observation.ts';
import { passengerCounts } from './passenger-count.ts';
import { callsTold } from './recorded-calls.ts';
import { resolveTrip } from './resolve-trip.ts';
import { serviceDayStart } from './service-time.ts';
import { skippedCalls } from './skipped-calls.ts';
import { staysOf } from './stay.ts';
import type { StopVisit } from './stop-visits.ts';
import { type TimetableDay, timetableDay } from './timetable-day.ts';
import { tripPassengers, type VisitPassengers } from './trip-passengers.ts';
import { nothingSeen, type PerformedTrip, type VehicleReading, vehicleDay } from './vehicle-day.ts';
import { withSchedule } from './with-schedule.ts';

/** A service day's vehicles are out from some hours before its midnight to the morning after. */
const BEFORE_MS = 3 * HOUR_MS;
const AFTER_MS = 33 * HOUR_MS;
/** Their calls are told for longer. */
const TOLD_MS = 36 * HOUR_MS;

/**
 * Matches all readings of a service date: tables `matched_trips`, `matched_visits` and `matched_counts`, with the columns of
 * `trips_performed`, `stop_visits` and `passenger_counts`. A function of the readings that are in the lake: one that comes late makes the
 * day anew. Needs a session of the lake.
 */
export async function matchDate(db: DuckDBConnection, date: string, zone: string): Promise<void> {
  const time = cityTime(zone);
  const start = serviceDayStart(time, date);
  const between = (from: Instant, to: Instant) =>
    `observed_at >= make_timestamptz(${from} * 1000) AND observed_at < make_timestamptz(${to} * 1000)`;
  const span = between(start - BEFORE_MS, start + AFTER_MS);
  const told = between(start - BEFORE_MS, start + TOLD_MS);
  await db.run(`CREATE OR REPLACE TEMP TABLE raw_trips_performed (${rawTripColumns});
    CREATE OR REPLACE TEMP TABLE raw_visits (${rawVisitColumns})`);
  const day = await timetableDay(db, date);
  const isBehind = await clocksBehind(db, span, zone);
  const counted = await passengerCounts(db, span, isBehind);
  const matchedCounts = await countsAppender(db, date, time);
  const trips = await db.createAppender('raw_trips_performed');
  const visits = await db.createAppender('raw_visits');
  const append = (performed: PerformedTrip, passengers?: ReadonlyMap<StopVisit, VisitPassengers>) => {
    appendTrip(trips, performed);
    for (const visit of performed.visits) appendVisit(visits, performed, visit, passengers?.get(visit));
  };
  for await (const { vehicleId, readings } of vehicles(db, span, told, isBehind)) {
    const performed = vehicleDay(vehicleId, readings, day, day.wayOf, time);
    const counts = counted.get(vehicleId) ?? [];
    counted.delete(vehicleId);
    const stays = counts.length === 0 ? [] : staysOf(performed);
    const assigned = assignCounts(stays, counts);
    for (const count of assigned) matchedCounts.append(vehicleId, count);
    const passengers = tripPassengers(stays, assigned);
    for (const trip of performed) if (trip.serviceDate === date) append(trip, passengers);
  }
  for (const [vehicleId, counts] of counted) {
    for (const count of assignCounts([], counts)) matchedCounts.append(vehicleId, count);
  }
  matchedCounts.close();
  for (const trip of await canceledTrips(db, span, day, time)) {
    if (trip.serviceDate === date) append(trip);
  }
  trips.closeSync();
  visits.closeSync();
  await skippedCalls(db, span, { date, trips: day, time });
  await db.run(withSchedule(date));
}

const tellsCalls = `contains(stops::VARCHAR, '"recorded"')`;

/** Each vehicle's readings in force (of one identity the last by the order of the log), vehicle by vehicle. */
async function* vehicles(
  db: DuckDBConnection,
  span: string,
  told: string,
  isBehind: string,
): AsyncGenerator<{ vehicleId: string; readings: VehicleReading[] }> {
  const result = await db.stream(`
    SELECT coalesce(vehicle_id, 'trip:' || trip_id) AS vehicle_id, epoch_ms(observed_at)::DOUBLE AS at, kind = 'stop-event' AS is_event, event, lat, lon, speed_kmh,
      coalesce(stop_id, stops->>'$[0].stopId') AS stop_id,
      coalesce(stop_sequence, (stops->>'$[0].stopSequence')::BIGINT)::DOUBLE AS stop_sequence,
      CASE WHEN kind = 'trip-update' THEN 'in-transit-to' ELSE status END AS status, trip_id, route_id, direction_id::DOUBLE AS direction_id, service_date,
      start_time, schedule_relationship, journey,
      kind = 'trip-update' AS is_forecast, CASE WHEN ${tellsCalls} THEN stops::VARCHAR END AS calls,
      ${isBehind} AS is_behind
    FROM readings
    WHERE (kind IN ('vehicle-position', 'stop-event')
        OR kind = 'trip-update' AND trip_id IS NOT NULL AND coalesce(schedule_relationship, '') NOT IN ('canceled', 'deleted')) AND outcome IN ('counted', 'restated')
      AND (${span} OR kind = 'trip-update' AND ${tellsCalls} AND ${told})
    QUALIFY row_number() OVER (PARTITION BY device_id, vehicle_id, kind, observed_at, event, CASE WHEN kind = 'trip-update' THEN trip_id END
      ORDER BY coalesce(via, position) DESC, position DESC, index DESC) = 1
    ORDER BY 1`);
  let vehicleId: string | undefined;
  let readings: VehicleReading[] = [];
  for await (const rows of result.yieldRowsJs()) {
    for (const row of rows) {
      const id = row[0] as string;
      if (id !== vehicleId) {
        if (vehicleId !== undefined) yield { vehicleId, readings };
        vehicleId = id;
        readings = [];
      }
      readings.push(readingOf(row));
    }
  }
  if (vehicleId !== undefined) yield { vehicleId, readings };
}

function readingOf(row: readonly unknown[]): VehicleReading {
  const [, at, isEvent, event, lat, lon, speedKmh, stopId, stopSequence, status, tripId, routeId] = row;
  const [directionId, serviceDate, startTime, relationship, journey, isForecast, calls, isBehind] =
    row.slice(12);
  const reading: Record<string, unknown> = {
    at,
    ...(isEvent === true && { event }),
    lat,
    lon,
    speedKmh,
    stopId,
    stopSequence,
    status,
    tripId,
    routeId,
    directionId,
    serviceDate,
    startTime,
    relationship,
    ...(isForecast === true && { isForecast }),
    ...(isBehind === true && { clockBehind: true }),
    ...((journey === 'deadrun' || journey === 'signoff') && { deadrun: true }),
  };
  if (calls !== null) {
    const { recorded, next } = callsTold(JSON.parse(calls as string), at as Instant);
    Object.assign(reading, {
      stopId: next?.stopId ?? null,
      stopSequence: next?.stopSequence ?? null,
      ...(recorded.length > 0 && { recorded }),
    });
  }
  for (const key of Object.keys(reading)) if (reading[key] === null) delete reading[key];
  return reading as unknown as VehicleReading & Observation;
}

/** Trips of which the last that was said is that they do not run. */
async function canceledTrips(
  db: DuckDBConnection,
  span: string,
  day: TimetableDay,
  time: CityTime,
): Promise<PerformedTrip[]> {
  const reader = await db.runAndReadAll(`
    SELECT trip_id, route_id, direction_id::DOUBLE AS direction_id, service_date, start_time,
      epoch_ms(max(observed_at))::DOUBLE AS at, arg_max(schedule_relationship, observed_at) AS relationship
    FROM readings WHERE kind = 'trip-update' AND outcome IN ('counted', 'restated') AND ${span}
    GROUP BY ALL HAVING relationship IN ('canceled', 'deleted') ORDER BY ALL`);
  return reader.getRowObjectsJS().map((row) => {
    const text = (value: unknown) => (value === null ? undefined : (value as string));
    const at = row.at as Instant;
    const resolved = resolveTrip(
      {
        at,
        tripId: text(row.trip_id),
        routeId: text(row.route_id),
        directionId: row.direction_id === null ? undefined : (row.direction_id as number),
        serviceDate: text(row.service_date),
        startTime: text(row.start_time),
        relationship: 'canceled',
      },
      day,
      time,
    );
    return {
      ...resolved,
      ...unseen,
      toldRouteId: text(row.route_id),
      toldDirectionId: row.direction_id === null ? undefined : (row.direction_id as number),
      firstSeenAt: at,
      lastSeenAt: at,
    };
  });
}

const unseen = {
  ...nothingSeen,
  vehicleId: '',
  visits: [],
  began: 'short',
  ended: 'short',
} as const satisfies Partial<PerformedTrip> as unknown as Omit<
  PerformedTrip,
  'tripId' | 'serviceDate' | 'relationship' | 'scheduled'
>;

const rawTripColumns = `trip_id VARCHAR, vehicle_id VARCHAR, scheduled_id VARCHAR, told_route_id VARCHAR,
  told_direction_id INTEGER, relationship VARCHAR, first_seen_at TIMESTAMPTZ,
  last_seen_at TIMESTAMPTZ, observations INTEGER, positions INTEGER, off_way INTEGER, jumps INTEGER, detour BOOLEAN,
  clock_behind INTEGER, unknown_stops VARCHAR, longest_gap_s DOUBLE, began VARCHAR, ended VARCHAR, interleaved BOOLEAN, stops_visited INTEGER,
  first_position INTEGER, last_position INTEGER`;
const rawVisitColumns = `trip_id VARCHAR, vehicle_id VARCHAR, relationship VARCHAR, position INTEGER, stop_sequence INTEGER,
  stop_id VARCHAR, along_m DOUBLE, arrival_at TIMESTAMPTZ, arrival_method VARCHAR, arrival_within_s DOUBLE,
  departure_at TIMESTAMPTZ, departure_method VARCHAR, departure_within_s DOUBLE, passed BOOLEAN, boardings INTEGER,
  alightings INTEGER, count_method VARCHAR, count_within_s DOUBLE, departure_load DOUBLE, load_method VARCHAR, load_within DOUBLE,
  load_withheld VARCHAR, reported_load INTEGER`;

type Appender = Awaited<ReturnType<DuckDBConnection['createAppender']>>;

function appendTrip(to: Appender, t: PerformedTrip): void {
  to.appendVarchar(t.tripId);
  to.appendVarchar(t.vehicleId);
  text(to, t.scheduled?.tripId);
  text(to, t.toldRouteId);
  whole(to, t.toldDirectionId);
  to.appendVarchar(t.relationship);
  moment(to, t.firstSeenAt);
  moment(to, t.lastSeenAt);
  to.appendInteger(t.observations);
  to.appendInteger(t.positions);
  to.appendInteger(t.offWay);
  to.appendInteger(t.jumps);
  to.appendBoolean(t.detour);
  to.appendInteger(t.clockBehind);
  to.appendVarchar(JSON.stringify(t.unknownStops));
  to.appendDouble(t.longestGapS);
  to.appendVarchar(t.began);
  to.appendVarchar(t.ended);
  to.appendBoolean(t.interleaved);
  to.appendInteger(t.visits.length);
  whole(to, t.visits[0]?.call.position);
  whole(to, t.visits.at(-1)?.call.position);
  to.endRow();
}

function appendVisit(
  to: Appender,
  t: PerformedTrip,
  v: StopVisit,
  passengers: VisitPassengers | undefined,
): void {
  to.appendVarchar(t.tripId);
  to.appendVarchar(t.vehicleId);
  to.appendVarchar(t.relationship);
  to.appendInteger(v.call.position);
  to.appendInteger(v.call.stopSequence);
  to.appendVarchar(v.call.stopId);
  to.appendDouble(v.call.alongM);
  moment(to, v.arrivalAt);
  text(to, v.arrivalMethod);
  real(to, v.arrivalWithinS);
  moment(to, v.departureAt);
  text(to, v.departureMethod);
  real(to, v.departureWithinS);
  to.appendBoolean(v.passed);
  whole(to, passengers?.boardings);
  whole(to, passengers?.alightings);
  text(to, passengers?.method);
  real(to, passengers?.withinS);
  real(to, passengers?.load);
  text(to, passengers?.loadMethod);
  real(to, passengers?.loadWithin);
  text(to, passengers?.withheld);
  whole(to, passengers?.reportedLoad);
  to.endRow();
}

function text(to: Appender, value: string | undefined): void {
  if (value === undefined) to.appendNull();
  else to.appendVarchar(value);
}

function whole(to: Appender, value: number | undefined): void {
  if (value === undefined) to.appendNull();
  else to.appendInteger(value);
}

function real(to: Appender, value: number | undefined): void {
  if (value === undefined) to.appendNull();
  else to.appendDouble(value);
}

function moment(to: Appender, value: Instant | undefined): void {
  if (value === undefined) to.appendNull();
  else to.appendTimestampTZ(new DuckDBTimestampTZValue(BigInt(Math.round(value)) * BigInt(SECOND_MS)));
}
