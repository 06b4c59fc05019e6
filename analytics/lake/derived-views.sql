-- Views that several measures stand on, over the tables of docs/lake.md. They read the session's variables when they
-- are queried: from_at, to_at, city_tz, site_ids, corridor_id, as_of.

-- Corridors as they stood at the end of the asked period; the stretch each site speaks for reaches half-way to its
-- neighbours, so that the stretches add up to the corridor.
CREATE OR REPLACE TEMP VIEW corridor_sites AS
WITH held AS (
  SELECT * FROM corridors
  WHERE valid_from < asked_to() AND valid_to > asked_from()
  QUALIFY valid_from = max(valid_from) OVER (PARTITION BY corridor_id)
)
SELECT corridor_id, name, road, site_id, km,
  row_number() OVER driven AS position,
  km - coalesce(lag(km) OVER driven, km) AS gap_before_km,
  coalesce(lead(km) OVER driven, km) - km AS gap_after_km,
  (km + coalesce(lag(km) OVER driven, km)) / 2 AS from_km,
  (km + coalesce(lead(km) OVER driven, km)) / 2 AS to_km
FROM held
WINDOW driven AS (PARTITION BY corridor_id ORDER BY held.position);

-- The sites asked for by site_ids or corridor_id; no row of `asked_site_ids` means all.
CREATE OR REPLACE TEMP VIEW asked_site_ids AS
SELECT unnest(getvariable('site_ids')::VARCHAR[]) AS site_id
UNION
SELECT site_id FROM corridor_sites WHERE corridor_id = getvariable('corridor_id')::VARCHAR;

CREATE OR REPLACE TEMP MACRO asked_site(id) AS (
  (getvariable('site_ids')::VARCHAR[] IS NULL AND getvariable('corridor_id')::VARCHAR IS NULL)
  OR id IN (SELECT a.site_id FROM asked_site_ids a)
);

-- Windows with traffic of the asked period and sites.
CREATE OR REPLACE TEMP VIEW asked_windows AS
SELECT * FROM windows
WHERE kind = 'traffic-flow' AND start_at >= asked_from() AND start_at < asked_to() AND asked_site(site_id);

-- What the city's clock showed at their starts: worked out once a moment, not once a window.
CREATE OR REPLACE TEMP VIEW asked_moments AS
SELECT start_at, city_time(start_at) AS local_at FROM (SELECT DISTINCT start_at FROM asked_windows);

-- The same of up to an hour, by site, direction, lane and hour of the city's clock. The hourly table serves where the
-- period and the zone keep to whole UTC hours; else windows do.
CREATE OR REPLACE TEMP VIEW asked_hours AS
WITH whole_hours AS (
  SELECT coalesce(
    asked_from() = date_trunc('hour', asked_from()) AND asked_to() = date_trunc('hour', asked_to())
    AND minute(city_time(asked_from())) = 0, false) AS serves
)
SELECT site_id, direction, lane, hour_at, windows, readings, observed_s, count, count_s, occupancy_micro_s, occupancy_s,
  pace_micro_s, pace_count, speed_milli_s, speed_s
FROM hourly
WHERE kind = 'traffic-flow' AND hour_at >= asked_from() AND hour_at < asked_to() AND asked_site(site_id)
  AND (SELECT serves FROM whole_hours)
UNION ALL
SELECT site_id, direction, lane,
  hour_start(start_at) AS hour_at,
  count(*), sum(readings)::BIGINT, sum(observed_s)::BIGINT, sum(count)::BIGINT, sum(count_s)::BIGINT,
  sum(occupancy_micro_s)::BIGINT, sum(occupancy_s)::BIGINT, sum(pace_micro_s)::BIGINT, sum(pace_count)::BIGINT,
  sum(speed_milli_s)::BIGINT, sum(speed_s)::BIGINT
FROM asked_windows
WHERE window_s <= 3600 AND NOT (SELECT serves FROM whole_hours)
GROUP BY site_id, direction, lane, hour_at;

-- What installations owe within the asked period, one row a device, direction and lane. A device owes from the day it
-- was installed (a recording, or a device registered before all time: from the first window of its clock domain) to
-- the day it was removed, and at most to the last window of its clock domain (live: to as_of, where that is later).
CREATE OR REPLACE TEMP VIEW promises AS
WITH spans AS (
  SELECT device_id, min(start_at) AS first_at, make_timestamptz(max(epoch_us(start_at) + window_s::BIGINT * 1000000)) AS last_at
  FROM windows GROUP BY device_id
), device_domains AS (
  SELECT device_id, max_by(domain, valid_from) AS domain FROM devices GROUP BY device_id
), domain_spans AS (
  SELECT domain, min(first_at) AS first_at,
    CASE WHEN domain = 'live' THEN greatest(max(last_at), getvariable('as_of')::TIMESTAMPTZ) ELSE max(last_at) END AS last_at
  FROM device_domains LEFT JOIN spans USING (device_id) GROUP BY domain
), owed AS (
  SELECT i.device_id, i.site_id, i.period_s, i.directions, i.lanes,
    greatest(asked_from(), i.valid_from,
      CASE WHEN d.domain <> 'live' OR i.valid_from <= TIMESTAMPTZ '1970-01-01 00:00:00+00' THEN s.first_at END) AS owed_from,
    least(asked_to(), i.valid_to, s.last_at) AS owed_to
  FROM installations i
  LEFT JOIN device_domains d USING (device_id)
  LEFT JOIN domain_spans s USING (domain)
  WHERE i.period_s IS NOT NULL AND asked_site(i.site_id) AND s.last_at IS NOT NULL
)
SELECT device_id, site_id, period_s, owed_from, owed_to,
  unnest(CASE WHEN len(directions) > 0 THEN directions ELSE [''] END) AS direction, lane
FROM (
  SELECT device_id, site_id, period_s, owed_from, owed_to, directions,
    unnest(CASE WHEN len(lanes) > 0 THEN lanes ELSE [0] END)::SMALLINT AS lane
  FROM owed WHERE owed_from < owed_to
);

-- expected = observed + missing, exactly, for each promise and hour of the city's clock; `extra_s` is what came beyond the promise
-- (overlapping readings, lanes nobody registered) and stands outside the sum.
CREATE OR REPLACE TEMP VIEW promised_hours AS
WITH shift AS (
  SELECT hour_shift_us() // 1000000 AS by_s
), due AS (
  SELECT device_id, site_id, direction, lane, hour, sum(least(to_s, (hour + 1) * 3600) - greatest(from_s, hour * 3600))
    AS expected_s
  FROM (
    SELECT *, unnest(range(from_s // 3600, (to_s + 3599) // 3600)) AS hour
    FROM (
      SELECT device_id, site_id, direction, lane, epoch_us(owed_from) // 1000000 + by_s AS from_s,
        epoch_us(owed_to) // 1000000 + by_s AS to_s
      FROM promises, shift
    )
  )
  GROUP BY ALL
), came AS (
  SELECT device_id, site_id, direction, lane, epoch_us(start_at) // 1000000 + by_s AS from_s, window_s,
    least(observed_s, window_s) AS once_s, observed_s AS all_s
  FROM windows, shift
  WHERE observed_s > 0 AND start_at >= asked_from() AND start_at < asked_to() AND asked_site(site_id)
), came_by_hour AS (
  SELECT device_id, site_id, direction, lane, from_s // 3600 AS hour, sum(once_s) AS once_s, sum(all_s) AS all_s
  FROM came
  WHERE from_s // 3600 = (from_s + window_s - 1) // 3600
  GROUP BY ALL
  UNION ALL
  SELECT device_id, site_id, direction, lane, hour, sum(once_s * within_s // window_s), sum(all_s * within_s // window_s)
  FROM (
    SELECT *, least(from_s + window_s, (hour + 1) * 3600) - greatest(from_s, hour * 3600) AS within_s
    FROM (
      SELECT *, unnest(range(from_s // 3600, (from_s + window_s - 1) // 3600 + 1)) AS hour
      FROM came
      WHERE from_s // 3600 < (from_s + window_s - 1) // 3600
    )
  )
  GROUP BY ALL
), matched AS (
  SELECT device_id, site_id, direction, lane, hour, sum(expected_s)::BIGINT AS expected_s, sum(once_s)::BIGINT AS once_s,
    sum(all_s)::BIGINT AS all_s
  FROM (
    SELECT device_id, site_id, direction, lane, hour, expected_s, 0 AS once_s, 0 AS all_s FROM due
    UNION ALL
    SELECT device_id, site_id, direction, lane, hour, 0, once_s, all_s FROM came_by_hour
  )
  GROUP BY ALL
)
SELECT device_id, site_id, direction, lane, make_timestamptz((hour * 3600 - by_s) * 1000000) AS hour_at, expected_s,
  least(once_s, expected_s) AS observed_s,
  expected_s - least(once_s, expected_s) AS missing_s,
  all_s - least(once_s, expected_s) AS extra_s
FROM matched, shift;

-- Sites as they stood at the end of the asked period, with the length of road each speaks for: its own where given,
-- else half the distance to each neighbour on its corridor, 1.6 km at most. `length_basis` says which.
CREATE OR REPLACE TEMP VIEW site_facts AS
WITH held AS (
  SELECT * FROM sites
  WHERE valid_from < asked_to() AND valid_to > asked_from()
  QUALIFY valid_from = max(valid_from) OVER (PARTITION BY site_id)
), held_links AS (
  SELECT * FROM links
  WHERE valid_from < asked_to() AND valid_to > asked_from()
  QUALIFY valid_from = max(valid_from) OVER (PARTITION BY link_id)
), on_corridor AS (
  SELECT site_id, corridor_id, least((gap_before_km + gap_after_km) / 2, 1.6) AS half_way_km
  FROM corridor_sites
  QUALIFY row_number() OVER (
    PARTITION BY site_id
    ORDER BY corridor_id = coalesce(getvariable('corridor_id')::VARCHAR, '') DESC, corridor_id) = 1
)
SELECT s.site_id, s.name, s.lat, s.lon, s.road, s.direction, coalesce(s.lanes, l.lanes) AS lanes,
  coalesce(s.speed_limit_kmh, l.speed_limit_kmh) AS speed_limit_kmh, c.corridor_id,
  nullif(coalesce(s.length_km, c.half_way_km), 0)::DOUBLE AS length_km,
  CASE WHEN s.length_km IS NOT NULL THEN 'given'
       WHEN c.half_way_km > 0 THEN 'half-way on ' || c.corridor_id END AS length_basis
FROM held s LEFT JOIN held_links l USING (link_id) LEFT JOIN on_corridor c USING (site_id);

-- Windows with the stream they belong to. A device that took over a lane continues its stream; devices that stand on
-- the same lane at once are streams of their own, and a site's flow is the sum over its streams.
CREATE OR REPLACE TEMP VIEW device_streams AS
SELECT i.device_id, i.site_id,
  CASE WHEN bool_or(o.device_id IS NOT NULL) THEN i.device_id ELSE '' END AS stream
FROM installations i
LEFT JOIN installations o ON o.site_id = i.site_id AND o.device_id <> i.device_id
  AND o.valid_from < i.valid_to AND i.valid_from < o.valid_to
  AND (list_has_any(o.lanes, i.lanes) OR (coalesce(len(o.lanes), 0) = 0 AND coalesce(len(i.lanes), 0) = 0))
  AND (list_has_any(o.directions, i.directions)
    OR (coalesce(len(o.directions), 0) = 0 AND coalesce(len(i.directions), 0) = 0))
GROUP BY i.device_id, i.site_id;

CREATE OR REPLACE TEMP VIEW stream_windows AS
SELECT w.*, m.local_at, coalesce(s.stream, w.device_id) AS stream
FROM asked_windows w JOIN asked_moments m USING (start_at) LEFT JOIN device_streams s USING (device_id, site_id);

-- How many streams should make up a site's flow: those promised by devices that count, and those that counted. Where
-- lanes are reported one by one, `lanes_expected` is all lanes of the site, also those that nothing was installed on.
CREATE OR REPLACE TEMP VIEW site_streams AS
WITH seen AS (
  SELECT device_id, site_id, direction, lane, bool_or(count_s > 0) AS counts FROM asked_windows GROUP BY ALL
), device_counts AS (
  SELECT device_id, bool_or(counts) AS counts FROM seen GROUP BY device_id
), named AS (
  SELECT p.device_id, p.site_id, p.direction, p.lane
  FROM promises p LEFT JOIN device_counts d USING (device_id)
  WHERE coalesce(d.counts, true)
  UNION
  SELECT device_id, site_id, direction, lane FROM seen WHERE counts
), promised AS (
  SELECT DISTINCT n.site_id, n.direction, n.lane, coalesce(s.stream, n.device_id) AS stream
  FROM named n LEFT JOIN device_streams s USING (device_id, site_id)
), counted AS (
  SELECT site_id, direction, count(*) AS streams, bool_and(lane > 0) AS by_lane,
    count(*) OVER (PARTITION BY site_id) AS directions
  FROM promised GROUP BY site_id, direction
)
SELECT c.site_id, c.direction, c.streams::INTEGER AS streams_expected,
  (CASE WHEN c.by_lane AND c.directions = 1 THEN greatest(c.streams, f.lanes) ELSE c.streams END)::INTEGER
    AS lanes_expected
FROM counted c LEFT JOIN site_facts f USING (site_id);

-- A site, direction and window: the sums over its lanes and devices.
CREATE OR REPLACE TEMP VIEW site_windows AS
WITH sums AS (
  SELECT site_id, direction, start_at, window_s,
    sum(count)::BIGINT AS count, sum(count_s)::BIGINT AS count_s,
    sum(flow_veh_h(count, count_s)) AS flow_veh_h, count(*) FILTER (count_s > 0) AS lanes_observed,
    sum(occupancy_micro_s)::BIGINT AS occupancy_micro_s, sum(occupancy_s)::BIGINT AS occupancy_s,
    sum(pace_micro_s)::BIGINT AS pace_micro_s, sum(pace_count)::BIGINT AS pace_count,
    sum(speed_milli_s)::BIGINT AS speed_milli_s, sum(speed_s)::BIGINT AS speed_s
  FROM asked_windows
  GROUP BY site_id, direction, start_at, window_s
)
SELECT sums.*, m.local_at, occupancy_share(occupancy_micro_s, occupancy_s) AS occupancy,
  speed_kmh(pace_micro_s, pace_count, speed_milli_s, speed_s) AS speed_kmh,
  speed_basis(pace_count, speed_s) AS speed_basis
FROM sums JOIN asked_moments m USING (start_at);

-- Free-flow speed by rule: the 85th percentile of the speeds of windows up to 15 minutes, of those between 22:00 and
-- 05:00 by the city's clock ('night'), or of those with little occupancy ('low-occupancy'). 'auto' takes the night,
-- and low occupancy where fewer than `free_flow_samples` were measured by night.
CREATE OR REPLACE TEMP VIEW site_free_flow AS
WITH settings AS (
  SELECT coalesce(getvariable('free_flow_rule')::VARCHAR, 'auto') AS rule,
    coalesce(getvariable('free_flow_samples')::INTEGER, 12) AS least_samples,
    coalesce(getvariable('low_occupancy')::DOUBLE, 0.05) AS low_occupancy
), samples AS (
  SELECT w.site_id, w.direction, w.speed_kmh,
    hour(w.local_at) >= 22 OR hour(w.local_at) < 5 AS by_night,
    coalesce(w.occupancy < s.low_occupancy, false) AS little_occupied
  FROM site_windows w, settings s
  WHERE w.speed_kmh IS NOT NULL AND w.window_s <= 900
), both_rules AS (
  SELECT site_id, direction,
    count(*) FILTER (by_night) AS night_samples,
    quantile_cont(speed_kmh, 0.85) FILTER (by_night) AS night_kmh,
    count(*) FILTER (little_occupied) AS low_samples,
    quantile_cont(speed_kmh, 0.85) FILTER (little_occupied) AS low_kmh
  FROM samples GROUP BY site_id, direction
), chosen AS (
  SELECT b.*, CASE
    WHEN s.rule NOT IN ('auto', 'night', 'low-occupancy')
      THEN error('free_flow_rule is auto, night or low-occupancy, not ' || s.rule)
    WHEN s.rule <> 'low-occupancy' AND night_samples >= s.least_samples THEN 'night'
    WHEN s.rule <> 'night' AND low_samples >= s.least_samples THEN 'low-occupancy' END AS rule
  FROM both_rules b, settings s
)
SELECT site_id, direction, CASE rule WHEN 'night' THEN night_kmh ELSE low_kmh END AS free_flow_kmh, rule,
  CASE rule WHEN 'night' THEN night_samples ELSE low_samples END AS samples
FROM chosen WHERE rule IS NOT NULL;

-- Speeds on the asked corridor by five-minute step (`step` counts them since 1970): one row a stretch and step. A
-- window of up to 15 minutes serves each step it covers. Reaches 3 h past the period, for walks that begin within it.
CREATE OR REPLACE TEMP VIEW corridor_steps AS
WITH stretches AS (
  SELECT c.position, c.site_id, c.to_km - c.from_km AS length_km, f.direction AS driven
  FROM corridor_sites c LEFT JOIN site_facts f USING (site_id)
  WHERE c.corridor_id = getvariable('corridor_id')::VARCHAR
), covered AS (
  SELECT s.position, s.site_id, s.length_km, w.pace_micro_s, w.pace_count, w.speed_milli_s, w.speed_s,
    unnest(range(epoch_ms(w.start_at) // 300000, (epoch_ms(w.start_at) + w.window_s * 1000) // 300000)) AS step
  FROM windows w JOIN stretches s USING (site_id)
  WHERE w.kind = 'traffic-flow' AND w.window_s <= 900
    AND w.start_at >= asked_from() AND w.start_at < asked_to() + INTERVAL 3 hour
    AND (w.direction = '' OR s.driven IS NULL OR w.direction = s.driven)
)
SELECT position, site_id, length_km, step,
  sum(pace_micro_s)::BIGINT AS pace_micro_s, sum(pace_count)::BIGINT AS pace_count,
  sum(speed_milli_s)::BIGINT AS speed_milli_s, sum(speed_s)::BIGINT AS speed_s,
  speed_kmh(sum(pace_micro_s), sum(pace_count), sum(speed_milli_s), sum(speed_s)) AS speed_kmh,
  speed_basis(sum(pace_count), sum(speed_s)) AS speed_basis
FROM covered
GROUP BY position, site_id, length_km, step
HAVING speed_kmh(sum(pace_micro_s), sum(pace_count), sum(speed_milli_s), sum(speed_s)) IS NOT NULL;

-- One row a departure along the asked corridor, a departure every five minutes. Walked: each stretch is entered when
-- the one before is left, at the speed of the step in which it is entered. Instantaneous: the sum of the stretches'
-- times at departure. NULL where a speed on the way is missing; speeds below 5 km/h are floored and counted.
CREATE OR REPLACE TEMP VIEW corridor_walks AS
WITH RECURSIVE steps AS (
  SELECT position, step, round(travel_h(length_km, speed_kmh) * 3.6e6)::BIGINT AS stretch_ms,
    (speed_kmh < floor_kmh())::INTEGER AS floored
  FROM corridor_steps
), ends AS (
  SELECT max(position) AS last_position FROM corridor_sites WHERE corridor_id = getvariable('corridor_id')::VARCHAR
), departures AS (
  SELECT DISTINCT step FROM steps
  WHERE make_timestamptz(step * 300000000) >= asked_from() AND make_timestamptz(step * 300000000) < asked_to()
), walk AS (
  SELECT step AS departed, 0::BIGINT AS passed, step * 300000 AS entered_ms, 0 AS floored FROM departures
  UNION ALL
  SELECT w.departed, w.passed + 1, w.entered_ms + s.stretch_ms, w.floored + s.floored
  FROM walk w JOIN steps s ON s.position = w.passed + 1 AND s.step = w.entered_ms // 300000
), arrivals AS (
  SELECT departed, entered_ms - departed * 300000 AS walked_ms, floored FROM walk, ends WHERE passed = last_position
), at_once AS (
  SELECT step, sum(stretch_ms)::BIGINT AS sum_ms FROM steps, ends GROUP BY step, last_position
  HAVING count(*) = last_position
)
SELECT make_timestamptz(d.step * 300000000) AS departed_at, a.walked_ms / 6e4 AS walked_min,
  o.sum_ms / 6e4 AS instantaneous_min, a.floored AS floored_speeds
FROM departures d LEFT JOIN arrivals a ON a.departed = d.step LEFT JOIN at_once o ON o.step = d.step;

-- What each site promised and what was observed, by local day. A site is of the panel, fit for a trend, when at least
-- `panel_share` of what it promised was observed on every local day on which anything was promised.
CREATE OR REPLACE TEMP VIEW site_days AS
WITH days AS MATERIALIZED (
  SELECT site_id, city_time(hour_at)::DATE AS date, sum(expected_s)::BIGINT AS expected_s,
    sum(observed_s)::BIGINT AS observed_s
  FROM promised_hours
  GROUP BY ALL
  HAVING sum(expected_s) > 0
), panel AS (
  SELECT site_id
  FROM days
  GROUP BY site_id
  HAVING count(*) = (SELECT count(DISTINCT date) FROM days)
    AND min(observed_s / expected_s) >= coalesce(getvariable('panel_share')::DOUBLE, 0.9)
)
SELECT days.*, panel.site_id IS NOT NULL AS of_panel FROM days LEFT JOIN panel USING (site_id);
