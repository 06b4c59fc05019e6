/** The files of static GTFS that Headway reads, and of each the columns it reads; `*` marks what the standard requires. */
export const gtfsFiles = {
  agency: ['agency_id', 'agency_name', 'agency_timezone*'],
  routes: ['route_id*', 'agency_id', 'route_short_name', 'route_long_name', 'route_type*'],
  stops: [
    'stop_id*',
    'stop_name',
    'stop_lat',
    'stop_lon',
    'location_type',
    'parent_station',
    'platform_code',
    'stop_timezone',
  ],
  trips: [
    'trip_id*',
    'route_id*',
    'service_id*',
    'direction_id',
    'trip_headsign',
    'block_id',
    'shape_id',
    'trip_short_name',
  ],
  stop_times: [
    'trip_id*',
    'stop_sequence*',
    'stop_id*',
    'arrival_time',
    'departure_time',
    'timepoint',
    'pickup_type',
    'drop_off_type',
  ],
  calendar: [
    'service_id*',
    'monday*',
    'tuesday*',
    'wednesday*',
    'thursday*',
    'friday*',
    'saturday*',
    'sunday*',
    'start_date*',
    'end_date*',
  ],
  calendar_dates: ['service_id*', 'date*', 'exception_type*'],
  shapes: ['shape_id*', 'shape_pt_lat*', 'shape_pt_lon*', 'shape_pt_sequence*'],
  frequencies: ['trip_id*', 'start_time*', 'end_time*', 'headway_secs*', 'exact_times'],
  transfers: ['from_stop_id', 'to_stop_id', 'transfer_type', 'min_transfer_time'],
  feed_info: ['feed_publisher_name', 'feed_version', 'feed_start_date', 'feed_end_date'],
} as const;

export type GtfsFile = keyof typeof gtfsFiles;

/** Without one of these there is no timetable. */
export const neededFiles: readonly GtfsFile[] = ['agency', 'routes', 'stops', 'trips', 'stop_times'];
