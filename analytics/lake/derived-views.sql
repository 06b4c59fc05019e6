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

-- Dates that the calendar says something about, as it stood at the end of the asked period. Where several hold, an
-- event stands before a holiday and that before a school holiday, which only makes weekdays different.
CREATE OR REPLACE TEMP VIEW calendar_dates AS
WITH held AS (
  SELECT * FROM calendar
  WHERE valid_from < asked_to() AND valid_to > asked_from()
  QUALIFY valid_from = max(valid_from) OVER (PARTITION BY calendar_id)
), dates AS (
  SELECT type, name, unnest(generate_series(first_date, last_date, INTERVAL 1 day))::DATE AS date FROM held
)
SELECT date, arg_min(type, list_position(['event', 'holiday', 'school-holiday'], type)) AS type,
  string_agg(name, ', ' ORDER BY name) AS name
FROM dates
WHERE type <> 'school-holiday' OR isodow(date) <= 5
GROUP BY date;

-- The day type of a wall clock or date: event, holiday, school-holiday, weekday, saturday or sunday.
CREATE OR REPLACE TEMP MACRO day_type(wall) AS
  coalesce((SELECT any_value(c.type) FROM calendar_dates c WHERE c.date = wall::DATE), weekday_type(wall));

-- Windows with traffic of the asked period and sites, filled with imputed values where those are asked for
-- (../imputation/filled-windows.sql).
CREATE OR REPLACE TEMP VIEW asked_windows AS
SELECT * FROM query(CASE WHEN filled() THEN 'SELECT * FROM filled_traffic' ELSE 'SELECT * FROM near_windows' END)
WHERE kind = 'traffic-flow' AND start_at >= asked_from() AND start_at < asked_to() AND asked_site(site_id);

-- What the city's clock showed at their starts: worked out once a moment, not once a window.
CREATE OR REPLACE TEMP VIEW asked_moments AS
SELECT start_at, local_at, coalesce(c.type, weekday_type(local_at)) AS day_type
FROM (SELECT start_at, city_time(start_at) AS local_at FROM (SELECT DISTINCT start_at FROM asked_windows)) m
LEFT JOIN calendar_dates c ON c.date = m.local_at::DATE;

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
WHERE kind = 'traffic-flow' AND hour_at >= asked_from() AND hour_at < asked_to() AND near_asked_site(site_id)
  AND asked_site(site_id) AND (SELECT serves FROM whole_hours)
UNION ALL
SELECT site_id, direction, lane,
  hour_start(start_at) AS hour_at,
  count(*), sum(readings)::BIGINT, sum(observed_s)::BIGINT, sum(count)::BIGINT, sum(count_s)::BIGINT,
  sum(occupancy_micro_s)::BIGINT, sum(occupancy_s)::BIGINT, sum(pace_micro_s)::BIGINT, sum(pace_count)::BIGINT,
  sum(speed_milli_s)::BIGINT, sum(speed_s)::BIGINT
FROM asked_windows
WHERE window_s <= 3600 AND NOT (SELECT serves FROM whole_hours)
GROUP BY site_id, direction, lane, hour_at;

-- A device, direction and lane by local date, of windows of any kind: what it counted and for how long, and how long it
-- observed (`kept_s`: each hour once).
CREATE OR REPLACE TEMP VIEW window_device_days AS
WITH moments AS (
  SELECT start_at, city_time(start_at)::DATE AS date, epoch_us(start_at) // 3600000000 AS hour
  FROM (
    SELECT DISTINCT start_at FROM query(CASE WHEN filled() THEN 'FROM filled_traffic' ELSE 'FROM windows' END)
    WHERE start_at >= asked_from() AND start_at < asked_to()
  )
), hours AS (
  SELECT w.kind, w.device_id, w.site_id, w.direction, w.lane::INTEGER AS lane, m.date, m.hour, min(w.start_at) AS first_at,
    max(epoch_us(w.start_at) + w.window_s::BIGINT * 1000000) AS last_us, count(*) AS windows,
    least(sum(least(w.observed_s, w.window_s)), greatest(3600, max(w.window_s))) AS kept_s, sum(w.count) AS count,
    sum(least(w.count_s, w.window_s)) AS count_s,
    sum(w.count_s) FILTER (w.window_s <= 3600) AS hourly_count_s,
    count(*) FILTER (w.window_s <= 3600 AND (w.pace_count > 0 OR w.speed_s > 0)) AS speed_windows,
    sum(w.occupancy_s) FILTER (w.window_s <= 3600) AS occupancy_s,
    count(*) FILTER (w.pace_count > 0) AS by_vehicles_windows,
    count(*) FILTER (w.pace_count = 0 AND w.speed_s > 0) AS by_time_windows,
    count(*) FILTER (cardinality(w.class_counts) > 0) AS class_windows,
    count(*) FILTER (w.histogram_basis = 'drivers') AS drivers_windows,
    count(*) FILTER (w.histogram_basis IN ('means-by-count', 'means-by-time')) AS interval_windows,
    max(w.window_s) FILTER (w.window_s <= 3600 AND w.count_s > 0) AS longest_count_s
  FROM query(CASE WHEN filled() THEN 'FROM filled_traffic' ELSE 'FROM windows' END) w JOIN moments m USING (start_at)
  WHERE asked_site(w.site_id)
  GROUP BY ALL
)
SELECT kind, device_id, site_id, direction, lane, date, min(first_at) AS first_at,
  make_timestamptz(max(last_us)) AS last_at, sum(windows)::BIGINT AS windows, sum(kept_s)::BIGINT AS kept_s,
  sum(count)::BIGINT AS count, sum(count_s)::BIGINT AS count_s, sum(hourly_count_s)::BIGINT AS hourly_count_s,
  sum(speed_windows)::BIGINT AS speed_windows, sum(occupancy_s)::BIGINT AS occupancy_s,
  sum(by_vehicles_windows)::BIGINT AS by_vehicles_windows, sum(by_time_windows)::BIGINT AS by_time_windows, sum(class_windows)::BIGINT AS class_windows, sum(drivers_windows)::BIGINT AS drivers_windows, sum(interval_windows)::BIGINT AS interval_windows, max(longest_count_s)::INTEGER AS longest_count_s
FROM hours
GROUP BY ALL;

CREATE OR REPLACE TEMP VIEW device_days AS
FROM query(CASE WHEN rolled_dates()
  THEN 'SELECT kind, device_id, site_id, direction, lane, date, min(first_at) AS first_at, max(last_at) AS last_at,
      sum(windows)::BIGINT AS windows, sum(kept_s)::BIGINT AS kept_s, sum(count)::BIGINT AS count,
      sum(count_s)::BIGINT AS count_s, sum(hourly_count_s)::BIGINT AS hourly_count_s,
      sum(speed_windows)::BIGINT AS speed_windows, sum(occupancy_s)::BIGINT AS occupancy_s,
      sum(by_vehicles_windows)::BIGINT AS by_vehicles_windows, sum(by_time_windows)::BIGINT AS by_time_windows, sum(class_windows)::BIGINT AS class_windows, sum(drivers_windows)::BIGINT AS drivers_windows, sum(interval_windows)::BIGINT AS interval_windows, max(longest_count_s) AS longest_count_s
    FROM rolled_device_days
    WHERE date >= asked_first_date() AND date <= asked_last_date() AND near_asked_site(site_id) AND asked_site(site_id)
    GROUP BY ALL'
  WHEN whole_dates() AND has_filled()
  THEN 'SELECT * FROM rolled_filled_device_days
    WHERE date >= asked_first_date() AND date <= asked_last_date() AND near_asked_site(site_id) AND asked_site(site_id)'
  ELSE 'SELECT * FROM window_device_days' END);

-- The same sums, where a row may be of a part of a date, or of a month whose first is `date`: for who asks whether, and
-- not when.
CREATE OR REPLACE TEMP VIEW worked_device_day_parts AS
FROM query(CASE WHEN rolled_months()
  THEN 'SELECT kind, device_id, site_id, direction, lane, date, first_at, last_at, windows, kept_s, count, count_s,
      hourly_count_s, speed_windows, occupancy_s, by_vehicles_windows, by_time_windows, class_windows, drivers_windows, interval_windows,
      longest_count_s
    FROM rolled_device_months
    WHERE date >= asked_first_date() AND date <= asked_last_date() AND near_asked_site(site_id) AND asked_site(site_id)'
  WHEN rolled_dates()
  THEN 'SELECT * FROM rolled_device_days
    WHERE date >= asked_first_date() AND date <= asked_last_date() AND near_asked_site(site_id) AND asked_site(site_id)'
  WHEN whole_dates() AND has_filled()
  THEN 'SELECT * FROM ' || CASE WHEN whole_months() THEN 'rolled_filled_device_months' ELSE 'rolled_filled_device_days' END || '
    WHERE date >= asked_first_date() AND date <= asked_last_date() AND near_asked_site(site_id) AND asked_site(site_id)'
  ELSE 'SELECT * FROM window_device_days' END);

-- Of a lake that answers from roll-ups, which no session sees change, a session keeps what every measure of a period asks
-- for again (`keepAsked`); asked_kept says of what it is.
CREATE OR REPLACE TEMP MACRO keep_text() AS (
  concat_ws(' ', asked_text(), getvariable('city_tz')::VARCHAR, getvariable('as_of')::TIMESTAMPTZ, filled())
);
CREATE OR REPLACE TEMP MACRO asked_is_kept() AS (
  coalesce((rolled_dates() OR whole_dates() AND has_filled()) AND CASE WHEN filled() THEN getvariable('asked_kept_filled') ELSE getvariable('asked_kept') END::VARCHAR = keep_text(), false)
);
-- Whether a site counts in readings longer than 15 minutes, as far as the session knows.
CREATE OR REPLACE TEMP MACRO any_coarse() AS (NOT asked_is_kept() OR getvariable('any_coarse')::BOOLEAN);
CREATE OR REPLACE TEMP VIEW device_day_parts AS
FROM query('SELECT * FROM ' || CASE WHEN asked_is_kept() THEN CASE WHEN filled() THEN 'kept_filled_device_day_parts' ELSE 'kept_device_day_parts' END
  ELSE 'worked_device_day_parts' END);

-- The local dates on which a site had a speed in windows of up to an hour.
CREATE OR REPLACE TEMP VIEW speed_dates AS
FROM query(CASE WHEN rolled_months()
  THEN 'SELECT site_id, date + unnest(list_filter(range(31), lambda n: speed_days & (1::BIGINT << n) <> 0))::INTEGER AS date
    FROM (
      SELECT site_id, date, bit_or(speed_days) AS speed_days FROM rolled_device_months
      WHERE date >= asked_first_date() AND date <= asked_last_date() AND near_asked_site(site_id) AND asked_site(site_id)
      GROUP BY site_id, date
    )'
  ELSE 'SELECT DISTINCT site_id, date FROM device_days WHERE speed_windows > 0' END);

-- From when to when each device has windows, asked for or not.
CREATE OR REPLACE TEMP VIEW device_spans AS
FROM query(CASE WHEN getvariable('rollup_tz') IS NOT NULL
  THEN 'SELECT device_id, min(first_at) AS first_at, max(last_at) AS last_at FROM '
    || CASE WHEN getvariable('rollup_joined_to') IS NULL THEN 'rolled_device_days' ELSE 'rolled_device_months' END || ' GROUP BY device_id'
  ELSE 'SELECT device_id, min(start_at) AS first_at,
      make_timestamptz(max(epoch_us(start_at) + window_s::BIGINT * 1000000)) AS last_at
    FROM windows GROUP BY device_id' END);

-- What installations owe within the asked period, one row a device, direction and lane. A device owes from the day it
-- was installed (a recording, or a device registered before all time: from the first window of its clock domain) to
-- the day it was removed, and at most to the last window of its clock domain (live: to as_of, where that is later).
CREATE OR REPLACE TEMP VIEW promises AS
WITH device_domains AS (
  SELECT device_id, max_by(domain, valid_from) AS domain FROM devices GROUP BY device_id
), domain_spans AS (
  SELECT domain, min(first_at) AS first_at,
    CASE WHEN domain = 'live' THEN greatest(max(last_at), getvariable('as_of')::TIMESTAMPTZ) ELSE max(last_at) END AS last_at
  FROM device_domains LEFT JOIN device_spans USING (device_id) GROUP BY domain
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
  FROM near_windows, shift
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
SELECT w.*, m.local_at, m.day_type, coalesce(s.stream, w.device_id) AS stream
FROM asked_windows w JOIN asked_moments m USING (start_at) LEFT JOIN device_streams s USING (device_id, site_id);

-- The same by hour of the city's clock, of those that counted in windows of up to an hour. Where no two devices of a site
-- stand on one lane, the hours of its lanes serve.
CREATE OR REPLACE TEMP VIEW stream_hours AS
WITH plain AS MATERIALIZED (
  SELECT site_id
  FROM (SELECT DISTINCT device_id, site_id FROM device_day_parts WHERE kind = 'traffic-flow')
  LEFT JOIN device_streams s USING (device_id, site_id)
  GROUP BY site_id
  HAVING bool_and(coalesce(s.stream = '', false))
), hours AS (
  SELECT site_id, direction, lane, '' AS stream, hour_at, count, count_s
  FROM asked_hours SEMI JOIN plain USING (site_id)
  WHERE count_s > 0
  UNION ALL
  SELECT site_id, direction, lane, stream, hour_start(start_at), sum(count)::BIGINT, sum(count_s)::BIGINT
  FROM stream_windows ANTI JOIN plain USING (site_id)
  WHERE count_s > 0 AND window_s <= 3600
  GROUP BY ALL
)
SELECT h.*, m.local_at, coalesce(c.type, weekday_type(m.local_at)) AS day_type
FROM hours h JOIN (SELECT hour_at, city_time(hour_at) AS local_at FROM (SELECT DISTINCT hour_at FROM hours)) m USING (hour_at)
LEFT JOIN calendar_dates c ON c.date = m.local_at::DATE;

-- How many streams should make up a site's flow: those promised by devices that count, and those that counted. Where
-- lanes are reported one by one, `lanes_expected` is all lanes of the site, also those that nothing was installed on.
CREATE OR REPLACE TEMP VIEW site_streams AS
WITH seen AS (
  SELECT device_id, site_id, direction, lane, bool_or(count_s > 0) AS counts FROM device_day_parts
  WHERE kind = 'traffic-flow' GROUP BY ALL
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
SELECT sums.*, m.local_at, m.day_type, occupancy_share(occupancy_micro_s, occupancy_s) AS occupancy,
  speed_kmh(pace_micro_s, pace_count, speed_milli_s, speed_s) AS speed_kmh,
  speed_basis(pace_count, speed_s) AS speed_basis
FROM sums JOIN asked_moments m USING (start_at);

-- What the roll-ups by site are made from: a session that makes them has it as a table, so that it is worked out once.
CREATE OR REPLACE TEMP VIEW rollup_site_windows AS SELECT * FROM site_windows;

-- Travel at a site and direction by local date and whole km/h: what VKT, VHT, delay and free-flow speed are sums over.
-- `bin_kmh` is the speed rounded down, NULL where none was measured. A vehicle's pace is floored at 5 km/h and kept in
-- whole microseconds per km, so that sums are exact in any order. `long` windows are those over an hour.
CREATE OR REPLACE TEMP VIEW window_travel_bins AS
SELECT site_id, direction, local_at::DATE AS date, hour(local_at) >= 22 OR hour(local_at) < 5 AS by_night,
  coalesce(occupancy < coalesce(getvariable('low_occupancy')::DOUBLE, 0.05), false) AS little_occupied,
  window_s > 3600 AS long, floor(speed_kmh)::SMALLINT AS bin_kmh,
  count(*) AS windows,
  count(*) FILTER (count_s > 0) AS counted_windows,
  count(*) FILTER (count_s > 0 AND speed_kmh < floor_kmh()) AS floored_windows,
  coalesce(sum(count) FILTER (count_s > 0), 0)::BIGINT AS count,
  coalesce(sum(round(count * 3.6e9 / greatest(speed_kmh, floor_kmh()))) FILTER (count_s > 0 AND speed_kmh IS NOT NULL), 0)::BIGINT
    AS floored_pace_us,
  count(*) FILTER (speed_kmh IS NOT NULL AND window_s <= 900) AS samples,
  coalesce(sum(round(speed_kmh * 1e3)) FILTER (window_s <= 900), 0)::BIGINT AS sample_milli_kmh
FROM rollup_site_windows
GROUP BY ALL;

CREATE OR REPLACE TEMP VIEW travel_bins AS
FROM query(CASE WHEN rolled_dates() AND coalesce(getvariable('low_occupancy')::DOUBLE, 0.05) = 0.05
  THEN 'SELECT * FROM rolled_travel_bins
    WHERE date >= asked_first_date() AND date <= asked_last_date() AND near_asked_site(site_id) AND asked_site(site_id)'
  WHEN whole_dates() AND has_filled() AND coalesce(getvariable('low_occupancy')::DOUBLE, 0.05) = 0.05
  THEN 'SELECT * FROM rolled_filled_travel_bins
    WHERE date >= asked_first_date() AND date <= asked_last_date() AND near_asked_site(site_id) AND asked_site(site_id)'
  ELSE 'SELECT * FROM window_travel_bins' END);

-- The same where the date does not matter but for its month: `date` may be the first of it.
CREATE OR REPLACE TEMP VIEW travel_sums AS
FROM query(CASE WHEN (rolled_months() OR whole_months() AND has_filled()) AND coalesce(getvariable('by')::VARCHAR, '') <> 'day'
    AND coalesce(getvariable('low_occupancy')::DOUBLE, 0.05) = 0.05
  THEN 'SELECT * FROM ' || CASE WHEN filled() THEN 'rolled_filled_travel_months' ELSE 'rolled_travel_months' END || '
    WHERE date >= asked_first_date() AND date <= asked_last_date() AND near_asked_site(site_id) AND asked_site(site_id)'
  ELSE 'SELECT * FROM travel_bins' END);

-- A site and direction by hour of the city's clock, of windows up to an hour: sums, and the windows, weights and paces
-- (floored at 5 km/h) of those with a speed, apart by what the speed is weighted by.
CREATE OR REPLACE TEMP VIEW window_site_hours AS
SELECT site_id, direction, hour_start(start_at) AS hour_at, count(*) AS windows, sum(count)::BIGINT AS count,
  sum(count_s)::BIGINT AS count_s, sum(occupancy_s)::BIGINT AS occupancy_s, sum(pace_micro_s)::BIGINT AS pace_micro_s,
  sum(pace_count)::BIGINT AS pace_count, sum(speed_milli_s)::BIGINT AS speed_milli_s, sum(speed_s)::BIGINT AS speed_s,
  count(*) FILTER (speed_basis = 'vehicles') AS veh_windows,
  count(*) FILTER (speed_basis = 'vehicles' AND speed_kmh < floor_kmh()) AS veh_floored,
  coalesce(sum(pace_count) FILTER (speed_basis = 'vehicles'), 0)::BIGINT AS veh_weight,
  coalesce(sum(round(pace_count * 3.6e9 / greatest(speed_kmh, floor_kmh()))) FILTER (speed_basis = 'vehicles'), 0)::BIGINT
    AS veh_pace_us,
  count(*) FILTER (speed_basis = 'time') AS time_windows,
  count(*) FILTER (speed_basis = 'time' AND speed_kmh < floor_kmh()) AS time_floored,
  coalesce(sum(speed_s) FILTER (speed_basis = 'time'), 0)::BIGINT AS time_weight,
  coalesce(sum(round(speed_s * 3.6e9 / greatest(speed_kmh, floor_kmh()))) FILTER (speed_basis = 'time'), 0)::BIGINT
    AS time_pace_us
FROM rollup_site_windows
WHERE window_s <= 3600
GROUP BY ALL;

CREATE OR REPLACE TEMP VIEW site_hours AS
FROM query(CASE WHEN rolled_hours() OR whole_hours() AND has_filled()
  THEN 'SELECT * FROM ' || CASE WHEN filled() THEN 'rolled_filled_site_hours' ELSE 'rolled_site_hours' END || '
    WHERE hour_at >= asked_from() AND hour_at < asked_to() AND near_asked_site(site_id) AND asked_site(site_id)'
  ELSE 'SELECT * FROM window_site_hours' END);

-- How many windows of up to an hour were how fast at a site and direction, by local date and hour of the day: their speed
-- rounded down, apart by what it is weighted by.
CREATE OR REPLACE TEMP VIEW window_speed_hours AS
SELECT site_id, direction, local_at::DATE AS date, hour(local_at)::SMALLINT AS of_hour, floor(speed_kmh)::SMALLINT AS bin_kmh,
  count(*) FILTER (speed_basis = 'vehicles') AS veh_windows, count(*) FILTER (speed_basis = 'time') AS time_windows
FROM rollup_site_windows
WHERE speed_kmh IS NOT NULL AND window_s <= 3600
GROUP BY ALL;

CREATE OR REPLACE TEMP VIEW speed_hours AS
FROM query(CASE WHEN rolled_dates()
  THEN 'SELECT * FROM ' || CASE WHEN rolled_months() AND coalesce(getvariable('days')::VARCHAR, 'all') = 'all'
      THEN 'rolled_speed_months' ELSE 'rolled_speed_hours' END || '
    WHERE date >= asked_first_date() AND date <= asked_last_date() AND near_asked_site(site_id) AND asked_site(site_id)'
  ELSE 'SELECT * FROM window_speed_hours' END);

-- The same without the dates, of the days asked for (`days`, by the calendar).
CREATE OR REPLACE TEMP VIEW site_day_speeds AS
FROM query('SELECT site_id, direction, of_hour, bin_kmh, sum(veh_windows)::BIGINT AS veh_windows,
    sum(time_windows)::BIGINT AS time_windows
  FROM speed_hours' || CASE WHEN coalesce(getvariable('days')::VARCHAR, 'all') = 'all' THEN ''
    ELSE ' JOIN (SELECT date, day_type(date) AS day_type FROM (SELECT DISTINCT date FROM speed_hours)) USING (date)
      WHERE on_days(day_type, getvariable(''days''))' END || '
  GROUP BY ALL');

-- What the city's clock shows at those hours, and the type of the day.
CREATE OR REPLACE TEMP VIEW asked_clock AS
SELECT hour_at, local_at, coalesce(c.type, weekday_type(local_at)) AS day_type
FROM (SELECT hour_at, city_time(hour_at) AS local_at FROM (SELECT DISTINCT hour_at FROM site_hours)) m
LEFT JOIN calendar_dates c ON c.date = m.local_at::DATE;

-- A site and direction by month (its first, `date`) and hour of the week by the city's clock: the sums of `site_hours`. Bit
-- n - 1 of `speed_days` is set where the n-th of the month had a speed in that hour.
CREATE OR REPLACE TEMP VIEW site_week_hours AS
FROM query(CASE WHEN rolled_months() AND rolled_hours()
  THEN 'SELECT * EXCLUDE (counted_hours, least_count_s, first_day, last_day) FROM rolled_week_hours
    WHERE date >= asked_first_date() AND date <= asked_last_date() AND near_asked_site(site_id) AND asked_site(site_id)'
  ELSE 'SELECT site_id, direction, date_trunc(''month'', local_at)::DATE AS date, hour_of_week(local_at) AS hour_of_week,
      sum(pace_micro_s)::BIGINT AS pace_micro_s, sum(pace_count)::BIGINT AS pace_count,
      sum(speed_milli_s)::BIGINT AS speed_milli_s, sum(speed_s)::BIGINT AS speed_s, sum(count)::BIGINT AS count,
      sum(count_s)::BIGINT AS count_s, sum(veh_windows)::BIGINT AS veh_windows,
      sum(veh_floored)::BIGINT AS veh_floored, sum(veh_weight)::BIGINT AS veh_weight, sum(veh_pace_us)::BIGINT AS veh_pace_us,
      sum(time_windows)::BIGINT AS time_windows, sum(time_floored)::BIGINT AS time_floored,
      sum(time_weight)::BIGINT AS time_weight, sum(time_pace_us)::BIGINT AS time_pace_us,
      bit_or(CASE WHEN pace_count > 0 OR speed_s > 0 THEN 1::BIGINT << (day(local_at) - 1) ELSE 0 END) AS speed_days
    FROM site_hours JOIN asked_clock USING (hour_at)
    GROUP BY ALL' END);

-- The same by hour of the day (`of_hour`), of the days asked for (`days`, by the calendar).
CREATE OR REPLACE TEMP VIEW site_day_hours AS
FROM query('SELECT site_id, direction, of_hour::SMALLINT AS of_hour, sum(veh_windows)::BIGINT AS veh_windows,
    sum(veh_floored)::BIGINT AS veh_floored, sum(veh_weight)::BIGINT AS veh_weight, sum(veh_pace_us)::BIGINT AS veh_pace_us,
    sum(time_windows)::BIGINT AS time_windows, sum(time_floored)::BIGINT AS time_floored,
    sum(time_weight)::BIGINT AS time_weight, sum(time_pace_us)::BIGINT AS time_pace_us,
    sum(pace_micro_s)::BIGINT AS pace_micro_s, sum(pace_count)::BIGINT AS pace_count,
    sum(speed_milli_s)::BIGINT AS speed_milli_s, sum(speed_s)::BIGINT AS speed_s
  FROM ' || CASE WHEN coalesce(getvariable('days')::VARCHAR, 'all') = 'all'
    THEN CASE WHEN rolled_months() AND rolled_hours()
      THEN '(SELECT * FROM rolled_day_hours
        WHERE date >= asked_first_date() AND date <= asked_last_date() AND near_asked_site(site_id) AND asked_site(site_id))'
      ELSE '(SELECT *, hour_of_week % 24 AS of_hour FROM site_week_hours)' END
    ELSE '(SELECT h.*, hour(local_at) AS of_hour FROM site_hours h JOIN asked_clock USING (hour_at)
      WHERE on_days(day_type, getvariable(''days'')))' END || '
  GROUP BY ALL');

-- Free-flow speed by rule: the 85th percentile of the speeds of windows up to 15 minutes, of those between 22:00 and
-- 05:00 by the city's clock ('night'), or of those with little occupancy ('low-occupancy'). 'auto' takes the night,
-- and low occupancy where fewer than `free_flow_samples` were measured by night. The percentile is the nearest rank
-- among bins of 1 km/h, its value the mean of that bin.
CREATE OR REPLACE TEMP VIEW worked_free_flow AS
WITH settings AS (
  SELECT coalesce(getvariable('free_flow_rule')::VARCHAR, 'auto') AS rule,
    coalesce(getvariable('free_flow_samples')::INTEGER, 12) AS least_samples
), samples AS (
  SELECT site_id, direction, by_night, little_occupied, bin_kmh, samples, sample_milli_kmh
  FROM travel_sums WHERE samples > 0 AND (by_night OR little_occupied)
), bins AS (
  SELECT site_id, direction, 'night' AS rule, bin_kmh, sum(samples) AS samples, sum(sample_milli_kmh) AS milli
  FROM samples WHERE by_night GROUP BY ALL
  UNION ALL
  SELECT site_id, direction, 'low-occupancy', bin_kmh, sum(samples), sum(sample_milli_kmh)
  FROM samples WHERE little_occupied GROUP BY ALL
), ranked AS (
  SELECT *, sum(samples) OVER (PARTITION BY site_id, direction, rule ORDER BY bin_kmh) AS up_to,
    sum(samples) OVER (PARTITION BY site_id, direction, rule) AS total
  FROM bins
), percentiles AS (
  SELECT site_id, direction, rule, arg_min(milli / samples / 1e3, bin_kmh) AS kmh, any_value(total)::BIGINT AS total
  FROM ranked WHERE up_to >= 0.85 * total
  GROUP BY ALL
)
SELECT site_id, direction, kmh AS free_flow_kmh, p.rule, total AS samples
FROM percentiles p, settings s
WHERE total >= s.least_samples AND CASE
  WHEN s.rule NOT IN ('auto', 'night', 'low-occupancy')
    THEN error('free_flow_rule is auto, night or low-occupancy, not ' || s.rule)
  ELSE s.rule IN ('auto', p.rule) END
QUALIFY row_number() OVER (PARTITION BY site_id, direction ORDER BY p.rule = 'night' DESC) = 1;

-- The same, from the table of them where the session has kept it for what is asked (`keepAsked`).
CREATE OR REPLACE TEMP MACRO free_flow_asked() AS (
  concat_ws(' ', asked_text(), filled(), getvariable('city_tz')::VARCHAR, coalesce(getvariable('free_flow_rule')::VARCHAR, 'auto'),
    coalesce(getvariable('free_flow_samples')::INTEGER, 12), coalesce(getvariable('low_occupancy')::DOUBLE, 0.05))
);
CREATE OR REPLACE TEMP VIEW site_free_flow AS
FROM query(CASE WHEN coalesce((rolled_dates() OR whole_dates() AND has_filled()) AND getvariable('free_flow_kept')::VARCHAR = free_flow_asked(), false)
  THEN 'SELECT * FROM kept_free_flow' ELSE 'SELECT * FROM worked_free_flow' END);

-- The speed that delay is counted against, in whole km/h: one for all (`reference_speed_kmh`), the limit, or free flow.
CREATE OR REPLACE TEMP VIEW site_reference AS
SELECT s.site_id, s.direction, round(CASE
    WHEN getvariable('reference_speed_kmh') IS NOT NULL THEN getvariable('reference_speed_kmh')::DOUBLE
    WHEN getvariable('reference') = 'speed-limit' THEN f.speed_limit_kmh
    ELSE ff.free_flow_kmh END)::INTEGER AS reference_kmh,
  CASE WHEN getvariable('reference_speed_kmh') IS NOT NULL THEN 'fixed'
       WHEN getvariable('reference') = 'speed-limit' THEN 'speed-limit'
       ELSE ff.rule END AS reference_basis
FROM (SELECT DISTINCT site_id, direction FROM device_day_parts WHERE kind = 'traffic-flow') s
LEFT JOIN site_facts f USING (site_id)
LEFT JOIN site_free_flow ff ON ff.site_id = s.site_id AND ff.direction = s.direction
  AND getvariable('reference_speed_kmh') IS NULL AND coalesce(getvariable('reference'), 'free-flow') = 'free-flow';

-- Travel counted at sites whose length is known.
CREATE OR REPLACE TEMP VIEW site_travel AS
SELECT b.*, f.name AS site_name, f.length_km, f.length_basis
FROM travel_sums b JOIN site_facts f USING (site_id)
WHERE f.length_km > 0 AND b.counted_windows > 0;

-- The row of the asked table (`by` day, month or site) that a date or a site belongs to.
CREATE OR REPLACE TEMP MACRO row_date(date) AS
  CASE getvariable('by')::VARCHAR WHEN 'day' THEN date::DATE WHEN 'month' THEN date_trunc('month', date)::DATE END;
CREATE OR REPLACE TEMP MACRO row_site(site_id) AS CASE getvariable('by')::VARCHAR WHEN 'site' THEN site_id END;

-- Windows of up to 15 minutes on stretches of a corridor (of the asked one, where one is asked for), once for each
-- five-minute step they cover (counted since 1970). Reaches 3 h past the period, for walks that begin within it.
CREATE OR REPLACE TEMP VIEW driven_windows AS
WITH stretches AS (
  SELECT c.corridor_id, c.position, c.site_id, c.km, c.to_km - c.from_km AS length_km, f.direction AS driven
  FROM corridor_sites c LEFT JOIN site_facts f USING (site_id)
  WHERE c.corridor_id = coalesce(getvariable('corridor_id')::VARCHAR, c.corridor_id)
)
SELECT s.corridor_id, s.position, s.site_id, s.km, s.length_km, epoch_ms(w.start_at) // 300000 + k.k AS step,
  w.pace_micro_s, w.pace_count, w.speed_milli_s, w.speed_s, w.count * 300.0 / w.window_s AS count
FROM near_windows w JOIN stretches s USING (site_id) JOIN (VALUES (0), (1), (2)) k(k) ON k.k < w.window_s // 300
WHERE w.kind = 'traffic-flow' AND w.window_s <= 900
  AND w.start_at >= asked_from() AND w.start_at < asked_to() + INTERVAL 3 hour
  AND asked_site(s.site_id) AND (w.pace_count > 0 OR w.speed_s > 0)
  AND (w.direction = '' OR s.driven IS NULL OR w.direction = s.driven);

-- The sums of every stretch by step.
CREATE OR REPLACE TEMP VIEW driven_steps AS
SELECT corridor_id, position, any_value(site_id) AS site_id, any_value(km) AS km, any_value(length_km) AS length_km, step,
  sum(count) AS vehicles,
  sum(pace_micro_s)::BIGINT AS pace_micro_s, sum(pace_count)::BIGINT AS pace_count,
  sum(speed_milli_s)::BIGINT AS speed_milli_s, sum(speed_s)::BIGINT AS speed_s,
  speed_kmh(sum(pace_micro_s), sum(pace_count), sum(speed_milli_s), sum(speed_s)) AS speed_kmh,
  speed_basis(sum(pace_count), sum(speed_s)) AS speed_basis
FROM driven_windows
GROUP BY corridor_id, position, step;

-- What the roll-ups of the network are made from: a session that makes them has it as a table.
CREATE OR REPLACE TEMP VIEW rollup_driven_steps AS SELECT * FROM driven_steps;

-- Speeds on the asked corridor by five-minute step: one row a stretch and step.
CREATE OR REPLACE TEMP VIEW corridor_steps AS
SELECT position, site_id, length_km, step, pace_micro_s, pace_count, speed_milli_s, speed_s, speed_kmh, speed_basis
FROM driven_steps
WHERE corridor_id = getvariable('corridor_id')::VARCHAR AND speed_kmh IS NOT NULL;

-- One row a departure along a corridor, a departure every five minutes. Walked: each stretch is entered when
-- the one before is left, at the speed of the step in which it is entered. Instantaneous: the sum of the stretches'
-- times at departure. NULL where a speed on the way is missing; speeds below 5 km/h are floored and counted.
CREATE OR REPLACE TEMP VIEW window_corridor_walks AS
WITH RECURSIVE ends AS MATERIALIZED (
  SELECT corridor_id, row_number() OVER (ORDER BY corridor_id)::INTEGER AS corridor, max(position) AS last_position
  FROM corridor_sites GROUP BY corridor_id
), steps AS MATERIALIZED (
  SELECT corridor, position::INTEGER AS position, step, round(travel_h(length_km, speed_kmh) * 3.6e6)::BIGINT AS stretch_ms,
    (speed_kmh < floor_kmh())::INTEGER AS floored
  FROM rollup_driven_steps JOIN ends USING (corridor_id)
  WHERE speed_kmh IS NOT NULL
), hours AS MATERIALIZED (
  -- Twelve steps side by side: each turn of the walk looks through all of them.
  SELECT corridor, position, step // 12 AS hour, [
      max(stretch_ms) FILTER (step % 12 = 0), max(stretch_ms) FILTER (step % 12 = 1), max(stretch_ms) FILTER (step % 12 = 2),
      max(stretch_ms) FILTER (step % 12 = 3), max(stretch_ms) FILTER (step % 12 = 4), max(stretch_ms) FILTER (step % 12 = 5),
      max(stretch_ms) FILTER (step % 12 = 6), max(stretch_ms) FILTER (step % 12 = 7), max(stretch_ms) FILTER (step % 12 = 8),
      max(stretch_ms) FILTER (step % 12 = 9), max(stretch_ms) FILTER (step % 12 = 10), max(stretch_ms) FILTER (step % 12 = 11)] AS stretch_ms, [
      max(floored) FILTER (step % 12 = 0), max(floored) FILTER (step % 12 = 1), max(floored) FILTER (step % 12 = 2),
      max(floored) FILTER (step % 12 = 3), max(floored) FILTER (step % 12 = 4), max(floored) FILTER (step % 12 = 5),
      max(floored) FILTER (step % 12 = 6), max(floored) FILTER (step % 12 = 7), max(floored) FILTER (step % 12 = 8),
      max(floored) FILTER (step % 12 = 9), max(floored) FILTER (step % 12 = 10), max(floored) FILTER (step % 12 = 11)] AS floored
  FROM steps
  GROUP BY corridor, position, step // 12
), at_once AS MATERIALIZED (
  SELECT corridor, step, sum(stretch_ms)::BIGINT AS sum_ms, count(*) AS stretches FROM steps
  WHERE make_timestamptz(step * 300000000) >= asked_from() AND make_timestamptz(step * 300000000) < asked_to()
  GROUP BY corridor, step
), walk AS (
  SELECT corridor, step AS departed, 0 AS passed, step * 300000 AS entered_ms, 0 AS floored FROM at_once
  UNION ALL
  SELECT * FROM (
    SELECT corridor, w.departed, w.passed + 1, w.entered_ms + h.stretch_ms[w.entered_ms // 300000 % 12 + 1] AS entered_ms,
      w.floored + h.floored[w.entered_ms // 300000 % 12 + 1]
    FROM walk w JOIN hours h USING (corridor)
    WHERE h.position = w.passed + 1 AND h.hour = w.entered_ms // 3600000
  )
  WHERE entered_ms IS NOT NULL
), arrivals AS (
  SELECT corridor, departed, entered_ms - departed * 300000 AS walked_ms, floored
  FROM walk JOIN ends USING (corridor) WHERE passed = last_position
)
SELECT e.corridor_id, d.step, a.walked_ms / 6e4 AS walked_min,
  CASE WHEN d.stretches = e.last_position THEN d.sum_ms / 6e4 END AS instantaneous_min, a.floored AS floored_speeds
FROM at_once d JOIN ends e USING (corridor) LEFT JOIN arrivals a ON a.corridor = d.corridor AND a.departed = d.step;

-- Whether roll-ups of the network answer: corridors and sites stood the whole of the asked period as they did at its end, as
-- whoever asks has noted (asked_network_held, `noteAsked`).
CREATE OR REPLACE TEMP MACRO rolled_network() AS (
  rolled_hours() AND coalesce(getvariable('rollup_network')::BOOLEAN, false) AND getvariable('site_ids')::VARCHAR[] IS NULL
  AND coalesce(getvariable('asked_network_held')::BOOLEAN AND getvariable('asked_noted')::VARCHAR = asked_text(), false)
);

-- Walks along the asked corridor.
CREATE OR REPLACE TEMP VIEW corridor_walks AS
SELECT make_timestamptz(step * 300000000) AS departed_at, walked_min, instantaneous_min, floored_speeds
FROM query(CASE WHEN rolled_network()
  THEN 'SELECT * FROM rolled_corridor_walks
    WHERE step >= epoch_ms(asked_from()) // 300000 AND step < epoch_ms(asked_to()) // 300000'
  ELSE 'SELECT * FROM window_corridor_walks' END)
WHERE corridor_id = getvariable('corridor_id')::VARCHAR;

-- What each promise came to by local date: expected = observed + missing. From whole dates of `device_days` where roll-ups
-- answer, else from hours.
CREATE OR REPLACE TEMP VIEW window_promised_dates AS
SELECT device_id, site_id, direction, lane, city_time(hour_at)::DATE AS date, sum(expected_s)::BIGINT AS expected_s,
  sum(observed_s)::BIGINT AS observed_s
FROM promised_hours
GROUP BY ALL;

-- How long a device, direction and lane observed on the local dates from `date` on, one after another: a month of them
-- where months answer, else one.
CREATE OR REPLACE TEMP VIEW kept_dates AS
FROM query(CASE WHEN whole_months()
  THEN 'SELECT device_id, site_id, direction, lane, date, list_slice([*COLUMNS(''kept_\d+'')], 1, day(last_day(date))) AS kept
    FROM (
      SELECT device_id, site_id, direction, lane, date, sum(COLUMNS(''(kept_\d+)''))::BIGINT AS ''\1'' FROM rolled_device_months
      WHERE date >= asked_first_date() AND date <= asked_last_date() AND near_asked_site(site_id) AND asked_site(site_id)
      GROUP BY device_id, site_id, direction, lane, date
    )'
  ELSE 'SELECT device_id, site_id, direction, lane, date, [sum(kept_s)::BIGINT] AS kept FROM rolled_device_days
    WHERE date >= asked_first_date() AND date <= asked_last_date() AND near_asked_site(site_id) AND asked_site(site_id)
    GROUP BY ALL' END);

CREATE OR REPLACE TEMP VIEW rolled_promised_dates AS
WITH owed AS MATERIALIZED (
  SELECT *, dense_rank() OVER (ORDER BY device_id, site_id, direction, lane)::INTEGER AS promise FROM promises
), names AS MATERIALIZED (
  SELECT DISTINCT promise, device_id, site_id, direction, lane FROM owed
), dates AS (
  SELECT date, epoch_us(city_moment(date)) AS begins, epoch_us(city_moment(date + 1)) AS ends
  FROM (
    SELECT unnest(generate_series(min(city_time(owed_from))::DATE, max(city_time(owed_to))::DATE, INTERVAL 1 day))::DATE AS date
    FROM owed
  )
), due AS (
  SELECT promise, date, sum((least(to_us, ends) - greatest(from_us, begins)) // 1000000)::BIGINT AS expected_s
  FROM (SELECT promise, epoch_us(owed_from) AS from_us, epoch_us(owed_to) AS to_us FROM owed)
  JOIN dates ON from_us < ends AND to_us > begins
  GROUP BY ALL
), came AS (
  SELECT promise, date + unnest(range(len(kept)))::INTEGER AS date, unnest(kept) AS kept_s
  FROM kept_dates JOIN names USING (device_id, site_id, direction, lane)
)
SELECT device_id, site_id, direction, lane, date, expected_s, least(coalesce(kept_s, 0), expected_s) AS observed_s
FROM due LEFT JOIN came USING (promise, date) JOIN names USING (promise);

CREATE OR REPLACE TEMP VIEW promised_dates AS
FROM query(CASE WHEN whole_dates() THEN 'SELECT * FROM rolled_promised_dates' ELSE 'SELECT * FROM window_promised_dates' END);

-- For how long imputed values stand in at a site, by hour of the city's clock: detector-seconds with any of them. Nothing
-- where observed values are asked for.
CREATE OR REPLACE TEMP VIEW imputed_hours AS
FROM query(CASE WHEN filled()
  THEN 'SELECT site_id, hour_start(start_at) AS hour_at, sum(window_s)::BIGINT AS imputed_s
    FROM (
      SELECT DISTINCT device_id, site_id, direction, lane, start_at, window_s FROM imputed
      WHERE value IS NOT NULL AND start_at >= asked_from() AND start_at < asked_to() AND asked_site(site_id)
    )
    GROUP BY ALL'
  ELSE 'SELECT NULL::VARCHAR AS site_id, NULL::TIMESTAMPTZ AS hour_at, NULL::BIGINT AS imputed_s WHERE false' END);

-- The same by local date, and by which methods they were estimated.
CREATE OR REPLACE TEMP VIEW imputed_site_dates AS
FROM query(CASE WHEN whole_dates() AND has_filled()
  THEN 'SELECT * FROM changed_imputed_site_dates
    WHERE date >= asked_first_date() AND date <= asked_last_date() AND near_asked_site(site_id) AND asked_site(site_id)'
  ELSE 'SELECT site_id, city_time(hour_at)::DATE AS date, sum(imputed_s)::BIGINT AS imputed_s FROM imputed_hours GROUP BY ALL' END);
CREATE OR REPLACE TEMP VIEW imputed_methods AS
FROM query(CASE WHEN whole_dates() AND has_filled()
  THEN 'SELECT site_id, date, method, estimates FROM changed_imputed_methods
    WHERE date >= asked_first_date() AND date <= asked_last_date() AND near_asked_site(site_id) AND asked_site(site_id)'
  ELSE 'SELECT site_id, date, method, count(*) AS estimates FROM imputed
    WHERE start_at >= asked_from() AND start_at < asked_to() AND asked_site(site_id) GROUP BY ALL' END);

-- What each site promised and what was observed, by local day. A site is of the panel, fit for a trend, when at least
-- `panel_share` of what it promised was observed on every local day on which anything was promised.
CREATE OR REPLACE TEMP VIEW site_days AS
WITH days AS MATERIALIZED (
  SELECT site_id, date, sum(expected_s)::BIGINT AS expected_s, sum(observed_s)::BIGINT AS observed_s
  FROM promised_dates
  GROUP BY ALL
  HAVING sum(expected_s) > 0
), panel AS (
  SELECT site_id
  FROM days
  GROUP BY site_id
  HAVING count(*) = (SELECT count(DISTINCT date) FROM days)
    AND min(observed_s / expected_s) >= coalesce(getvariable('panel_share')::DOUBLE, 0.9)
)
SELECT days.*, coalesce(i.imputed_s, 0) AS imputed_s, panel.site_id IS NOT NULL AS of_panel
FROM days LEFT JOIN panel USING (site_id) LEFT JOIN imputed_site_dates i USING (site_id, date);

-- What a site promised in the whole period, and for how much of it imputed values stand in. Nothing where observed values
-- are asked for.
CREATE OR REPLACE TEMP VIEW imputed_sites AS
FROM query(CASE WHEN filled()
  THEN 'SELECT site_id, sum(expected_s) AS expected_s, sum(imputed_s) AS imputed_s FROM site_days GROUP BY site_id'
  ELSE 'SELECT NULL::VARCHAR AS site_id, NULL::BIGINT AS expected_s, NULL::BIGINT AS imputed_s WHERE false' END);

-- The same by month: the panel by the days of each.
-- (promised-months.ts)
CREATE OR REPLACE TEMP VIEW site_months AS
WITH months AS MATERIALIZED (
  SELECT * FROM promised_months WHERE due_days <> 0
), panel AS (
  SELECT site_id
  FROM months
  GROUP BY site_id
  HAVING sum(bit_count(due_days)) = (
      SELECT sum(bit_count(due_days)) FROM (SELECT date, bit_or(due_days) AS due_days FROM months GROUP BY date))
    AND min(least_share) >= coalesce(getvariable('panel_share')::DOUBLE, 0.9)
)
SELECT site_id, date, expected_s, observed_s, 0::BIGINT AS imputed_s, panel.site_id IS NOT NULL AS of_panel
FROM months LEFT JOIN panel USING (site_id);

-- What all that is asked for was promised, and what came of it.
CREATE OR REPLACE TEMP VIEW promised_sum AS
FROM query('SELECT coalesce(sum(expected_s), 0)::BIGINT AS expected_s, coalesce(sum(observed_s), 0)::BIGINT AS observed_s
  FROM ' || CASE WHEN whole_months() THEN 'promised_months' ELSE 'promised_dates' END);

-- The same by row of the asked table, and whether the site is of the panel.
CREATE OR REPLACE TEMP VIEW row_sites AS
FROM query('SELECT row_date(date) AS row_date, row_site(site_id) AS row_site, site_id, sum(expected_s)::BIGINT AS expected_s,
    sum(observed_s)::BIGINT AS observed_s, sum(imputed_s)::BIGINT AS imputed_s, bool_or(of_panel) AS of_panel
  FROM ' || CASE WHEN rolled_months() AND coalesce(getvariable('by')::VARCHAR, '') <> 'day' THEN 'site_months' ELSE 'site_days' END || '
  GROUP BY ALL');
