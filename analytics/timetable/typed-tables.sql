-- What the feed says, in types of its own; rows that point nowhere are left out here and named by the rules.

-- Seconds after noon minus 12 h of the service day; NULL for what is no time. Hours may pass 24.
CREATE OR REPLACE TEMP MACRO gtfs_seconds(text) AS
  CASE WHEN text[-3] = ':' AND text[-6] = ':' AND text[-5:-4] BETWEEN '00' AND '59' AND text[-2:] BETWEEN '00' AND '59' AND NOT contains(text, '.')
    THEN try_cast(text[:-7] AS USMALLINT)::INTEGER * 3600 + try_cast(text[-5:-4] AS INTEGER) * 60 + try_cast(text[-2:] AS INTEGER) END;
CREATE OR REPLACE TEMP MACRO gtfs_date(text) AS try_strptime(text, '%Y%m%d')::DATE;

CREATE TEMP TABLE routes AS
  SELECT route_id, route_short_name AS short_name, route_long_name AS long_name, try_cast(route_type AS INTEGER) AS route_type,
    agency_id
  FROM raw_routes WHERE route_id IS NOT NULL
  QUALIFY row_number() OVER (PARTITION BY route_id ORDER BY line) = 1;

CREATE TEMP TABLE stops AS
  SELECT stop_id, stop_name AS name, try_cast(stop_lat AS DOUBLE) AS lat, try_cast(stop_lon AS DOUBLE) AS lon,
    coalesce(try_cast(location_type AS INTEGER), 0) AS location_type, parent_station, platform_code
  FROM raw_stops WHERE stop_id IS NOT NULL
  QUALIFY row_number() OVER (PARTITION BY stop_id ORDER BY line) = 1;

-- A date of a service: what calendar.txt says of its weekday, unless calendar_dates.txt adds or removes it.
CREATE TEMP TABLE service_dates AS
  WITH regular AS (
    SELECT service_id, unnest(range(gtfs_date(start_date), gtfs_date(end_date) + INTERVAL 1 DAY, INTERVAL 1 DAY))::DATE AS date,
      [monday, tuesday, wednesday, thursday, friday, saturday, sunday] AS days
    FROM raw_calendar WHERE gtfs_date(end_date) - gtfs_date(start_date) BETWEEN 0 AND 15000
  ), exceptions AS (
    SELECT service_id, gtfs_date(date) AS date, exception_type FROM raw_calendar_dates WHERE gtfs_date(date) IS NOT NULL
  )
  SELECT service_id, date FROM regular r WHERE days[isodow(date)] = '1'
    AND NOT EXISTS (FROM exceptions e WHERE e.service_id = r.service_id AND e.date = r.date AND e.exception_type = '2')
  UNION
  SELECT service_id, date FROM exceptions WHERE exception_type = '1';

CREATE TEMP TABLE shapes AS
  SELECT shape_id, row_number() OVER (PARTITION BY shape_id ORDER BY try_cast(shape_pt_sequence AS BIGINT), line)::INTEGER AS position,
    try_cast(shape_pt_lat AS DOUBLE) AS lat, try_cast(shape_pt_lon AS DOUBLE) AS lon
  FROM raw_shapes
  WHERE shape_id IS NOT NULL AND try_cast(shape_pt_lat AS DOUBLE) IS NOT NULL AND try_cast(shape_pt_lon AS DOUBLE) IS NOT NULL;

CREATE TEMP TABLE call_rows AS
  SELECT trip_id, stop_id, try_cast(stop_sequence AS INTEGER) AS stop_sequence, gtfs_seconds(arrival_time) AS arrival_s,
    gtfs_seconds(departure_time) AS departure_s, timepoint IS NULL OR timepoint <> '0' AS timepoint, line,
    arrival_time IS NOT NULL AND arrival_s IS NULL OR departure_time IS NOT NULL AND departure_s IS NULL AS bad_time
  FROM raw_stop_times;

-- Departure is never before arrival: where the feed says so, arrival counts.
CREATE TEMP TABLE calls AS
  SELECT trip_id, stop_id, row_number() OVER (PARTITION BY trip_id ORDER BY stop_sequence)::SMALLINT AS position, stop_sequence,
    coalesce(arrival_s, departure_s) AS arrival_s, greatest(departure_s, arrival_s) AS departure_s, timepoint
  FROM call_rows
  SEMI JOIN (SELECT trip_id FROM raw_trips) USING (trip_id)
  SEMI JOIN stops USING (stop_id)
  WHERE stop_sequence IS NOT NULL
  QUALIFY row_number() OVER (PARTITION BY trip_id, stop_sequence ORDER BY line) = 1;

CREATE TEMP TABLE ways AS
  SELECT trip_id, list(stop_id ORDER BY position) AS stop_ids
  FROM calls GROUP BY trip_id HAVING count(*) > 1;

-- Trips of one route and direction that call at the same stops along the same shape.
CREATE TEMP TABLE base_trips AS
  SELECT t.trip_id, t.route_id, t.service_id, try_cast(t.direction_id AS INTEGER) AS direction_id, t.trip_headsign AS headsign,
    t.block_id, CASE WHEN s.shape_id IS NOT NULL THEN t.shape_id END AS shape_id, t.trip_short_name AS short_name,
    concat_ws('/', t.route_id, coalesce(t.direction_id, '-'),
      md5(concat_ws('|', s.shape_id, array_to_string(w.stop_ids, '|')))[:8]) AS pattern_id, w.stop_ids
  FROM (FROM raw_trips WHERE trip_id IS NOT NULL QUALIFY row_number() OVER (PARTITION BY trip_id ORDER BY line) = 1) t
  JOIN routes r USING (route_id)
  JOIN ways w USING (trip_id)
  LEFT JOIN (SELECT DISTINCT shape_id FROM shapes) s USING (shape_id);

CREATE TEMP TABLE pattern_ways AS
  SELECT pattern_id, any_value(route_id) AS route_id, any_value(direction_id) AS direction_id, any_value(shape_id) AS shape_id,
    any_value(stop_ids) AS stop_ids, count(*) AS trips
  FROM base_trips GROUP BY pattern_id;
