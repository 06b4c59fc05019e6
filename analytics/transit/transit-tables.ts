/** Counts changes of how readings become trips and stop visits. */
export const MATCHING_VERSION = 5;

/** The lake's table of stop visits, one row a vehicle, trip and stop: docs/transit.md. */
export const stopVisitsTable = {
  name: 'stop_visits',
  version: MATCHING_VERSION,
  columns: `date DATE, trip_id VARCHAR, vehicle_id VARCHAR, route_id VARCHAR, direction_id INTEGER, pattern_id VARCHAR,
    relationship VARCHAR, counts BOOLEAN, position INTEGER, stop_sequence INTEGER, stop_id VARCHAR, is_first BOOLEAN,
    is_last BOOLEAN, timepoint BOOLEAN, along_m DOUBLE, arrival_at TIMESTAMPTZ, arrival_method VARCHAR,
    arrival_within_s DOUBLE, departure_at TIMESTAMPTZ, departure_method VARCHAR, departure_within_s DOUBLE, passed BOOLEAN,
    scheduled_arrival_at TIMESTAMPTZ, scheduled_departure_at TIMESTAMPTZ, boardings INTEGER, alightings INTEGER,
    count_method VARCHAR, count_within_s DOUBLE, departure_load DOUBLE, load_method VARCHAR, load_within DOUBLE,
    load_withheld VARCHAR, reported_load INTEGER`,
} as const;

/**
 * The lake's table of trips performed, or called off, one row a vehicle and trip. `skipped`: positions of calls that the feed said the
 * trip leaves out.
 */
export const tripsPerformedTable = {
  name: 'trips_performed',
  version: MATCHING_VERSION,
  columns: `date DATE, trip_id VARCHAR, vehicle_id VARCHAR, route_id VARCHAR, direction_id INTEGER, pattern_id VARCHAR,
    relationship VARCHAR, counts BOOLEAN, first_seen_at TIMESTAMPTZ, last_seen_at TIMESTAMPTZ, observations BIGINT,
    positions BIGINT, off_way BIGINT, jumps BIGINT, detour BOOLEAN, clock_behind BIGINT, unknown_stops VARCHAR[], longest_gap_s DOUBLE,
    began VARCHAR, ended VARCHAR, interleaved BOOLEAN, stops INTEGER, stops_visited INTEGER, first_position INTEGER,
    last_position INTEGER, way_m DOUBLE, from_m DOUBLE, to_m DOUBLE, scheduled_start_at TIMESTAMPTZ,
    scheduled_end_at TIMESTAMPTZ, skipped INTEGER[]`,
} as const;

/**
 * The lake's table of automatic passenger counts, one row a vehicle, moment and side: boarding, alighting, or the load that the
 * vehicle gives. Each is of a stop visit, or says by `reason` why it is of none.
 */
export const passengerCountsTable = {
  name: 'passenger_counts',
  version: MATCHING_VERSION,
  columns: `date DATE, vehicle_id VARCHAR, device_id VARCHAR, observed_at TIMESTAMPTZ, side VARCHAR, passengers INTEGER,
    readings INTEGER, trip_id VARCHAR, relationship VARCHAR, position INTEGER, stop_id VARCHAR, method VARCHAR,
    within_s DOUBLE, reason VARCHAR`,
} as const;
