-- Prepares what the checks `identity` and `windows` read: for one share of the devices, every reading that was judged
-- by its identity, with its contents in fixed units, and what each should have been called.
-- source: `slot`, `identity` and `content` of each domain/readings/*.ts; domain/window.ts

CREATE OR REPLACE TEMP TABLE audit_entries AS
WITH named AS (
  SELECT partition, coalesce(via, position) AS ordered_at, position, index, device_id, outcome, kind,
    domain = 'live' AS live, epoch_us(received_at) AS received_us, coalesce(site_id, '') AS site_id,
    epoch_ms(observed_at) AS observed_ms,
    CASE WHEN kind IN ('vehicle-position', 'stop-event', 'passenger-count') THEN vehicle_id
         WHEN kind = 'travel-time' THEN link_id ELSE '' END AS subject,
    CASE WHEN kind = 'traffic-flow' THEN coalesce(direction, '') ELSE '' END AS direction,
    (CASE WHEN kind = 'traffic-flow' THEN coalesce(lane, 0)
          WHEN kind = 'passenger-count' THEN coalesce(door, 0)
          WHEN kind = 'signal-event' AND event_code IN (81, 82) THEN parameter ELSE 0 END)::INTEGER AS lane,
    (CASE WHEN kind IN ('traffic-flow', 'travel-time') THEN period_s ELSE 0 END)::INTEGER AS period_s,
    CASE WHEN kind IN ('vehicle-position', 'stop-event') THEN coalesce(event, '')
         WHEN kind = 'signal-event' THEN event_code || '/' || parameter ELSE '' END AS event,
    count, audit_fixed(speed_kmh, 1000) AS speed_milli, audit_fixed(occupancy, 1000000) AS occupancy_micro,
    from_json(CASE WHEN counts <> '{}' THEN counts END, '{"car":"BIGINT","van":"BIGINT","truck":"BIGINT","bus":"BIGINT","tram":"BIGINT","motorcycle":"BIGINT","bicycle":"BIGINT","pedestrian":"BIGINT","other":"BIGINT"}') AS counts,
    from_json(vehicles, '[{"speedKmh":"DOUBLE","class":"VARCHAR"}]') AS vehicles,
    list_sort(list_transform(
      list_filter(from_json(speed_bins, '[{"fromKmh":"DOUBLE","toKmh":"DOUBLE","count":"BIGINT"}]'), lambda b: b.count > 0),
      lambda b: {kmh: floor((b."fromKmh" + b."toKmh") / 2)::SMALLINT, vehicles: b.count})) AS speed_bins,
    CASE kind
      WHEN 'vehicle-position' THEN to_json([audit_fixed(lat, 1e7)::VARCHAR, audit_fixed(lon, 1e7)::VARCHAR,
        audit_fixed(speed_kmh, 1000)::VARCHAR, audit_fixed(heading_deg, 10)::VARCHAR,
        audit_fixed(accuracy_m, 10)::VARCHAR, audit_fixed(odometer_m, 1)::VARCHAR, trip_id, route_id,
        direction_id::VARCHAR, service_date, stop_id, stop_sequence::VARCHAR, status, audit_fixed(delay_s, 1)::VARCHAR,
        audit_fixed(load_share, 1000)::VARCHAR])::VARCHAR
      WHEN 'stop-event' THEN to_json([stop_id, stop_sequence::VARCHAR, trip_id, route_id, direction_id::VARCHAR,
        service_date, audit_fixed(delay_s, 1)::VARCHAR])::VARCHAR
      WHEN 'passenger-count' THEN to_json([stop_id, trip_id, boarded::VARCHAR, alighted::VARCHAR, load::VARCHAR])::VARCHAR
      WHEN 'travel-time' THEN to_json([audit_fixed(travel_time_s, 1000)::VARCHAR, samples::VARCHAR])::VARCHAR
      WHEN 'device-status' THEN to_json([status, audit_fixed(battery_share, 1000)::VARCHAR,
        audit_fixed(uptime_s, 1)::VARCHAR, audit_fixed(clock_offset_s, 1000)::VARCHAR, firmware, message])::VARCHAR
      ELSE '' END AS other
  FROM readings
  WHERE outcome IN ('counted', 'duplicate', 'restated') AND audit_in_share(device_id)
), listed AS (
  SELECT * EXCLUDE (vehicles, speed_bins),
    len(vehicles) AS vehicles_listed,
    CASE WHEN vehicles IS NOT NULL THEN list_histogram(list_transform(vehicles, lambda v: v.class)) END AS by_class,
    CASE WHEN vehicles IS NOT NULL THEN
           list_transform(
             map_entries(list_histogram(list_transform(vehicles, lambda v: floor(v."speedKmh")::SMALLINT))),
             lambda e: {kmh: e.key, vehicles: e.value::BIGINT})
         -- Bins whose middles share a km/h are one.
         WHEN list_unique(list_transform(speed_bins, lambda b: b.kmh)) < len(speed_bins) THEN
           list_transform(list_sort(list_distinct(list_transform(speed_bins, lambda b: b.kmh))), lambda k: {kmh: k,
             vehicles: list_sum(list_transform(list_filter(speed_bins, lambda b: b.kmh = k), lambda b: b.vehicles))::BIGINT})
         ELSE speed_bins END AS drivers
  FROM named
), classed AS (
  SELECT * EXCLUDE (counts, by_class, vehicles_listed, count, drivers),
    CASE WHEN counts IS NOT NULL THEN counts
         WHEN cardinality(by_class) > 0 THEN {car: by_class['car']::BIGINT, van: by_class['van']::BIGINT,
           truck: by_class['truck']::BIGINT, bus: by_class['bus']::BIGINT, tram: by_class['tram']::BIGINT,
           motorcycle: by_class['motorcycle']::BIGINT, bicycle: by_class['bicycle']::BIGINT,
           pedestrian: by_class['pedestrian']::BIGINT, other: by_class['other']::BIGINT} END AS classes,
    CASE WHEN kind = 'traffic-flow' THEN coalesce(count, vehicles_listed,
      list_sum([counts.car, counts.van, counts.truck, counts.bus, counts.tram, counts.motorcycle, counts.bicycle,
        counts.pedestrian, counts.other])::BIGINT) END AS count,
    nullif(drivers, []) AS drivers
  FROM listed
)
SELECT * REPLACE (CASE WHEN kind = 'traffic-flow' THEN speed_milli END AS speed_milli),
  hash(device_id, kind, subject, direction, lane, period_s, observed_ms, event) AS identity
FROM classed;

-- Identities that came more than once (or, harmlessly, whose hashes are equal): only these need the log's order.
CREATE OR REPLACE TEMP TABLE audit_repeated AS
SELECT identity FROM audit_entries GROUP BY identity HAVING count(*) > 1;

-- The first with its content is counted if it is the identity's very first, else restated; the content again is a
-- duplicate, also after others. The last new content stands.
CREATE OR REPLACE TEMP TABLE audit_judged AS
WITH in_order AS (
  SELECT *, row_number() OVER (
      PARTITION BY device_id, kind, subject, direction, lane, period_s, observed_ms, event,
        count, speed_milli, occupancy_micro, classes, drivers, other
      ORDER BY ordered_at, position, index) = 1 AS is_new
  FROM audit_entries SEMI JOIN audit_repeated USING (identity)
), counted AS (
  SELECT *,
    count(*) FILTER (is_new) OVER (
      PARTITION BY device_id, kind, subject, direction, lane, period_s, observed_ms, event
      ORDER BY ordered_at, position, index ROWS UNBOUNDED PRECEDING) AS contents_so_far,
    count(*) FILTER (is_new) OVER (
      PARTITION BY device_id, kind, subject, direction, lane, period_s, observed_ms, event) AS contents
  FROM in_order
)
SELECT * EXCLUDE (is_new, contents_so_far, contents),
  CASE WHEN NOT is_new THEN 'duplicate' WHEN contents_so_far = 1 THEN 'counted' ELSE 'restated' END AS expected_outcome,
  is_new AND contents_so_far = contents AS stands
FROM counted;

-- What windows are made of.
CREATE OR REPLACE TEMP VIEW audit_members AS
SELECT *, greatest(300, period_s)::INTEGER AS window_s,
  CASE WHEN period_s > 300 THEN observed_ms ELSE observed_ms - (observed_ms % 300000 + 300000) % 300000 END AS start_ms
FROM (
  SELECT * FROM audit_entries ANTI JOIN audit_repeated USING (identity)
  UNION ALL BY NAME
  SELECT * EXCLUDE (expected_outcome, stands) FROM audit_judged WHERE stands
);
