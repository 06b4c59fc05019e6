-- Prepares what the checks `identity` and `windows` read: for one share of the devices, every reading that was judged
-- by its identity, with its contents in fixed units, and what each should have been called.
-- source: `slot`, `identity` and `content` of each domain/readings/*.ts; domain/window.ts

CREATE OR REPLACE TEMP VIEW audit_admitted AS
SELECT * EXCLUDE (received_at, reason, via, domain, seq), coalesce(via, position) AS ordered_at, domain = 'live' AS live,
  epoch_ms(observed_at) AS observed_ms
FROM readings
WHERE outcome IN ('counted', 'duplicate', 'restated') AND audit_in_share(device_id);

-- Traffic flow: its count is told, or that of its single vehicles, or the sum of its classes; drivers' speeds come from
-- single vehicles, or from bins at their middles, in bins of 1 km/h.
CREATE OR REPLACE TEMP VIEW audit_flow AS
WITH read AS (
  SELECT *,
    CASE WHEN counts <> '{}' THEN from_json(counts, '{"car":"BIGINT","van":"BIGINT","truck":"BIGINT","bus":"BIGINT","tram":"BIGINT","motorcycle":"BIGINT","bicycle":"BIGINT","pedestrian":"BIGINT","other":"BIGINT"}') END AS told,
    CASE WHEN vehicles IS NOT NULL THEN from_json(vehicles, '[{"speedKmh":"DOUBLE","class":"VARCHAR"}]') END AS single,
    CASE WHEN vehicles IS NULL AND speed_bins IS NOT NULL THEN list_sort(list_transform(
      list_filter(from_json(speed_bins, '[{"fromKmh":"DOUBLE","toKmh":"DOUBLE","count":"BIGINT"}]'), lambda b: b.count > 0),
      lambda b: {kmh: floor((b."fromKmh" + b."toKmh") / 2)::SMALLINT, vehicles: b.count})) END AS bins
  FROM audit_admitted WHERE kind = 'traffic-flow'
), classed AS (
  SELECT *, CASE WHEN counts IS NULL AND single IS NOT NULL THEN list_histogram(list_transform(single, lambda v: v.class)) END AS found
  FROM read
)
SELECT partition, ordered_at, position, index, device_id, outcome, kind, live, site_id, observed_ms, '' AS subject,
  coalesce(direction, '') AS direction, coalesce(lane, 0)::INTEGER AS lane, period_s::INTEGER AS period_s, '' AS event,
  coalesce(count, len(single), list_sum([told.car, told.van, told.truck, told.bus, told.tram, told.motorcycle,
    told.bicycle, told.pedestrian, told.other])::BIGINT) AS count,
  audit_fixed(speed_kmh, 1000)::BIGINT AS speed_milli,
  audit_fixed(occupancy, 1000000)::BIGINT AS occupancy_micro,
  CASE WHEN told IS NOT NULL THEN told
       WHEN cardinality(found) > 0 THEN {car: found['car']::BIGINT, van: found['van']::BIGINT,
         truck: found['truck']::BIGINT, bus: found['bus']::BIGINT, tram: found['tram']::BIGINT,
         motorcycle: found['motorcycle']::BIGINT, bicycle: found['bicycle']::BIGINT,
         pedestrian: found['pedestrian']::BIGINT, other: found['other']::BIGINT} END AS classes,
  nullif(CASE WHEN single IS NOT NULL THEN
                list_transform(
                  map_entries(list_histogram(list_transform(single, lambda v: floor(v."speedKmh")::SMALLINT))),
                  lambda e: {kmh: e.key, vehicles: e.value::BIGINT})
              -- Bins whose middles share a km/h are one.
              WHEN list_unique(list_transform(bins, lambda b: b.kmh)) < len(bins) THEN
                list_transform(list_sort(list_distinct(list_transform(bins, lambda b: b.kmh))), lambda k: {kmh: k,
                  vehicles: list_sum(list_transform(list_filter(bins, lambda b: b.kmh = k), lambda b: b.vehicles))::BIGINT})
              ELSE bins END, []) AS drivers,
  '' AS other
FROM classed;

-- Everything else: its content as one text.
CREATE OR REPLACE TEMP VIEW audit_not_flow AS
SELECT partition, ordered_at, position, index, device_id, outcome, kind, live, site_id, observed_ms,
  CASE WHEN kind IN ('vehicle-position', 'stop-event', 'passenger-count') THEN vehicle_id
       WHEN kind = 'travel-time' THEN link_id
       WHEN kind = 'trip-update' THEN coalesce(route_id, '') ELSE '' END AS subject,
  '' AS direction,
  (CASE WHEN kind = 'passenger-count' THEN coalesce(door, 0)
        WHEN kind = 'signal-event' AND event_code IN (81, 82) THEN parameter ELSE 0 END)::INTEGER AS lane,
  (CASE WHEN kind = 'travel-time' THEN period_s ELSE 0 END)::INTEGER AS period_s,
  CASE WHEN kind IN ('vehicle-position', 'stop-event') THEN coalesce(event, '')
       WHEN kind = 'signal-event' THEN event_code || '/' || parameter
       WHEN kind = 'trip-update' THEN concat_ws('/', coalesce(trip_id, vehicle_id, ''), coalesce(direction_id::VARCHAR, ''),
         coalesce(service_date, ''), coalesce(start_time, ''))
       WHEN kind = 'service-alert' THEN alert_id ELSE '' END AS event,
  CASE kind
    WHEN 'vehicle-position' THEN to_json([audit_fixed(lat, 1e7)::VARCHAR, audit_fixed(lon, 1e7)::VARCHAR,
      audit_fixed(speed_kmh, 1000)::VARCHAR, audit_fixed(heading_deg, 10)::VARCHAR,
      audit_fixed(accuracy_m, 10)::VARCHAR, audit_fixed(odometer_m, 1)::VARCHAR, trip_id, route_id,
      direction_id::VARCHAR, service_date, stop_id, stop_sequence::VARCHAR, status, audit_fixed(delay_s, 1)::VARCHAR,
      audit_fixed(load_share, 1000)::VARCHAR, start_time, schedule_relationship, journey, doors_open::VARCHAR,
      position_source, occupancy_status])::VARCHAR
    WHEN 'stop-event' THEN to_json([stop_id, stop_sequence::VARCHAR, trip_id, route_id, direction_id::VARCHAR,
      service_date, audit_fixed(delay_s, 1)::VARCHAR, start_time, audit_moment(scheduled_at)])::VARCHAR
    WHEN 'passenger-count' THEN to_json([stop_id, trip_id, boarded::VARCHAR, alighted::VARCHAR, load::VARCHAR])::VARCHAR
    WHEN 'travel-time' THEN to_json([audit_fixed(travel_time_s, 1000)::VARCHAR, samples::VARCHAR])::VARCHAR
    WHEN 'device-status' THEN to_json([status, audit_fixed(battery_share, 1000)::VARCHAR,
      audit_fixed(uptime_s, 1)::VARCHAR, audit_fixed(clock_offset_s, 1000)::VARCHAR, firmware, message])::VARCHAR
    WHEN 'trip-update' THEN to_json([vehicle_id, schedule_relationship, audit_fixed(delay_s, 1)::VARCHAR,
      to_json(list_transform(from_json(stops, '[{"stopId":"VARCHAR","stopSequence":"BIGINT","arrivalAt":"VARCHAR","departureAt":"VARCHAR","arrivalDelayS":"DOUBLE","departureDelayS":"DOUBLE","scheduledArrivalAt":"VARCHAR","scheduledDepartureAt":"VARCHAR","relationship":"VARCHAR","recorded":"BOOLEAN"}]'),
        lambda s: [s."stopId", s."stopSequence"::VARCHAR, audit_moment(s."arrivalAt"), audit_moment(s."departureAt"),
          audit_fixed(s."arrivalDelayS", 1)::VARCHAR, audit_fixed(s."departureDelayS", 1)::VARCHAR,
          audit_moment(s."scheduledArrivalAt"), audit_moment(s."scheduledDepartureAt"), s.relationship,
          s.recorded::VARCHAR]))::VARCHAR])::VARCHAR
    WHEN 'service-alert' THEN to_json([cause, effect, severity, header, description,
      to_json(list_transform(from_json(coalesce(active_periods, '[]'), '[{"from":"VARCHAR","to":"VARCHAR"}]'),
        lambda p: [audit_moment(p."from"), audit_moment(p."to")]))::VARCHAR,
      to_json(list_transform(from_json(coalesce(informs, '[]'), '[{"agencyId":"VARCHAR","routeId":"VARCHAR","tripId":"VARCHAR","stopId":"VARCHAR"}]'),
        lambda i: [i."agencyId", i."routeId", i."tripId", i."stopId"]))::VARCHAR])::VARCHAR
    WHEN 'feed-status' THEN to_json([audit_moment(header_at), heard::VARCHAR, used::VARCHAR,
      list_sort(map_entries(from_json(coalesce(unusable, '{}'), '"MAP(VARCHAR, BIGINT)"')))::VARCHAR,
      list_sort(map_entries(from_json(coalesce(mended, '{}'), '"MAP(VARCHAR, BIGINT)"')))::VARCHAR])::VARCHAR
    ELSE '' END AS other
FROM audit_admitted WHERE kind <> 'traffic-flow';

CREATE OR REPLACE TEMP TABLE audit_entries AS
SELECT * REPLACE (coalesce(site_id, '') AS site_id),
  hash(device_id, kind, subject, direction, lane, period_s, observed_ms, event) AS identity
FROM (SELECT * FROM audit_flow UNION ALL BY NAME SELECT * FROM audit_not_flow);

-- Identities that came more than once (or, harmlessly, whose hashes are equal): only these need the log's order.
CREATE OR REPLACE TEMP TABLE audit_repeated AS
SELECT identity FROM audit_entries GROUP BY identity HAVING count(*) > 1;

-- The first with its content is counted if it is the identity's very first, else restated; the content again is a
-- duplicate, also after others. The last new content stands.
CREATE OR REPLACE TEMP TABLE audit_judged AS
WITH in_order AS (
  SELECT rowid AS entry, *, row_number() OVER (
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
  SELECT rowid AS entry, * FROM audit_entries ANTI JOIN audit_repeated USING (identity)
  UNION ALL BY NAME
  SELECT * EXCLUDE (expected_outcome, stands) FROM audit_judged WHERE stands
);
