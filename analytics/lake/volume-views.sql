-- Views of what was counted and how long trips took, that annual figures and reliability stand on.

-- A site and direction by local date. A day is complete when it lies in the asked period as a whole and every stream
-- counted for `complete_share` of it.
CREATE OR REPLACE TEMP VIEW day_volumes AS
WITH stream_days AS (
  SELECT d.site_id, d.direction, d.lane, coalesce(s.stream, d.device_id) AS stream, d.date,
    sum(d.count) AS count, sum(d.count_s) AS count_s
  FROM device_days d LEFT JOIN device_streams s USING (device_id, site_id)
  WHERE d.kind = 'traffic-flow' AND d.count_s > 0
  GROUP BY d.site_id, d.direction, d.lane, coalesce(s.stream, d.device_id), d.date
), lengths AS (
  SELECT date, day_seconds(date) AS day_s, day_type(date) AS day_type,
    city_moment(date) >= asked_from() AND city_moment(date + 1) <= asked_to() AS whole
  FROM (SELECT DISTINCT date FROM stream_days)
), days AS (
  SELECT site_id, direction, date, any_value(lengths.day_type) AS day_type, sum(count)::BIGINT AS volume, count(*) AS lanes,
    min(count_s) / any_value(day_s) AS least_share, sum(count_s) / (count(*) * any_value(day_s)) AS observed_share,
    any_value(whole) AS whole
  FROM stream_days JOIN lengths USING (date)
  GROUP BY site_id, direction, date
)
SELECT d.site_id, d.direction, d.date, d.day_type, d.volume, d.lanes, e.lanes_expected, d.observed_share,
  d.whole AND d.lanes >= e.streams_expected AND d.least_share >= coalesce(getvariable('complete_share')::DOUBLE, 0.95)
    AS complete
FROM days d JOIN site_streams e USING (site_id, direction);

-- The same with a row for the site as a whole beside each of its directions: `way` is 'one', 'all', or 'only' where
-- there is just one. A day of the whole is complete when it is in every direction.
CREATE OR REPLACE TEMP VIEW way_volumes AS
WITH directions AS (
  SELECT site_id, count(*) AS directions FROM site_streams GROUP BY site_id
)
SELECT v.site_id, v.direction, CASE WHEN directions = 1 THEN 'only' ELSE 'one' END AS way, v.date, v.day_type,
  v.volume, v.lanes, v.lanes_expected, v.observed_share, v.complete
FROM day_volumes v JOIN directions USING (site_id)
UNION ALL
SELECT site_id, NULL, 'all', date, any_value(day_type), sum(volume)::BIGINT, sum(lanes)::BIGINT,
  sum(lanes_expected)::BIGINT, avg(observed_share), bool_and(complete) AND count(*) = any_value(directions)
FROM day_volumes JOIN directions USING (site_id)
WHERE directions > 1
GROUP BY site_id, date;

-- A site and direction by hour of the city's clock. An hour is complete when its streams together counted for
-- `complete_share` of it.
CREATE OR REPLACE TEMP VIEW hour_volumes AS
SELECT h.site_id, h.direction, h.hour_at, h.count AS volume, h.count_s, m.local_at, m.day_type,
  h.count_s / (3600 * e.streams_expected) AS observed_share,
  h.count_s >= coalesce(getvariable('complete_share')::DOUBLE, 0.95) * 3600 * e.streams_expected AS complete
FROM site_hours h JOIN asked_clock m USING (hour_at) JOIN site_streams e USING (site_id, direction)
WHERE h.count_s > 0;

-- What complete hours counted at a site and direction, by month (its first) and hour of the week, apart by day type. Whole
-- months answer from their sums, where all hours of a cell are complete and of one type; the other cells from hours.
CREATE OR REPLACE TEMP VIEW volume_cells AS
FROM query(CASE WHEN rolled_months() AND rolled_hours()
  THEN 'WITH cells AS (
      SELECT w.*, w.hour_of_week // 24 + 1 AS weekday,
        w.least_count_s >= coalesce(getvariable(''complete_share'')::DOUBLE, 0.95) * 3600 * e.streams_expected
          AND o.month IS NULL AS plain
      FROM rolled_week_hours w JOIN site_streams e USING (site_id, direction)
      LEFT JOIN (SELECT DISTINCT date_trunc(''month'', date)::DATE AS month, isodow(date) AS weekday FROM calendar_dates) o
        ON o.month = w.date AND o.weekday = w.hour_of_week // 24 + 1
      WHERE w.counted_hours > 0 AND w.date >= asked_first_date() AND w.date <= asked_last_date()
        AND near_asked_site(w.site_id) AND asked_site(w.site_id)
    )
    SELECT site_id, direction, date AS month, hour_of_week,
      CASE weekday WHEN 6 THEN ''saturday'' WHEN 7 THEN ''sunday'' ELSE ''weekday'' END AS day_type, count AS volume,
      counted_hours AS hours, date + (first_day - 1)::INTEGER AS first_date, date + (last_day - 1)::INTEGER AS last_date
    FROM cells WHERE plain
    UNION ALL
    SELECT h.site_id, h.direction, c.date, c.hour_of_week, h.day_type, sum(h.volume)::BIGINT, count(*), min(h.local_at::DATE),
      max(h.local_at::DATE)
    FROM hour_volumes h JOIN cells c ON NOT c.plain AND c.site_id = h.site_id AND c.direction = h.direction
      AND c.hour_of_week = hour_of_week(h.local_at) AND c.date = date_trunc(''month'', h.local_at)
    WHERE h.complete
    GROUP BY ALL'
  ELSE 'SELECT site_id, direction, date_trunc(''month'', local_at)::DATE AS month, hour_of_week(local_at) AS hour_of_week, day_type,
      sum(volume)::BIGINT AS volume, count(*) AS hours, min(local_at::DATE) AS first_date, max(local_at::DATE) AS last_date
    FROM hour_volumes WHERE complete
    GROUP BY ALL' END);

-- Average annual daily traffic (AASHTO) by site, direction (NULL: all together) and year; only where each weekday of each
-- month has a complete day. The average daily traffic of the complete days stands beside it.
CREATE OR REPLACE TEMP VIEW site_aadt AS
WITH cells AS (
  SELECT site_id, direction, way, year(date) AS year, month(date) AS month, isodow(date) AS weekday,
    avg(volume) AS mean_volume, count(*) AS days, min(date) AS first_date, max(date) AS last_date,
    sum(volume) AS volume
  FROM way_volumes WHERE complete
  GROUP BY ALL
), weekdays AS (
  SELECT site_id, direction, way, year, weekday, avg(mean_volume) AS mean_volume, count(*) AS months,
    sum(days) AS days, min(first_date) AS first_date, max(last_date) AS last_date, sum(volume) AS volume
  FROM cells
  GROUP BY ALL
)
SELECT site_id, direction, way, year, CASE WHEN sum(months) = 84 THEN avg(mean_volume) END AS aadt,
  sum(volume) / sum(days) AS adt, sum(months)::INTEGER AS cells, sum(days)::INTEGER AS complete_days,
  min(first_date) AS first_date, max(last_date) AS last_date
FROM weekdays
GROUP BY ALL;

-- Travel time over a kilometre at a site and direction in quarters of an hour, from windows of up to 15 minutes, with
-- the period class of 23 CFR 490 that it falls in. Calendars do not move it: the rule knows weekdays only.
CREATE OR REPLACE TEMP VIEW site_quarters AS
WITH quarters AS (
  SELECT site_id, direction, epoch_us(start_at) // 900000000 AS quarter,
    speed_kmh(sum(pace_micro_s), sum(pace_count), sum(speed_milli_s), sum(speed_s)) AS speed_kmh,
    speed_basis(sum(pace_count), sum(speed_s)) AS speed_basis, sum(count)::BIGINT AS count
  FROM asked_windows
  WHERE window_s <= 900 AND (pace_count > 0 OR speed_s > 0)
  GROUP BY ALL
), moments AS (
  SELECT quarter, city_time(make_timestamptz(quarter * 900000000)) AS local_at
  FROM (SELECT DISTINCT quarter FROM quarters)
)
SELECT q.*, m.local_at, period_class(m.local_at) AS period_class, 60 / greatest(q.speed_kmh, floor_kmh()) AS min_per_km
FROM quarters q JOIN moments m USING (quarter)
WHERE q.speed_kmh IS NOT NULL;

-- Walked travel times of the asked corridor in quarters of an hour of departure, with their period class.
CREATE OR REPLACE TEMP VIEW corridor_quarters AS
SELECT period_class(city_time(departed_at)) AS period_class, city_time(departed_at)::DATE AS date,
  day_type(city_time(departed_at)) AS day_type, bin_minute(city_time(departed_at), 15) AS bin, avg(walked_min) AS walked_min
FROM corridor_walks
WHERE walked_min IS NOT NULL
GROUP BY ALL;

-- What the asked corridor takes at the free-flow speed of every stretch; NULL where one has none.
CREATE OR REPLACE TEMP VIEW corridor_free_flow AS
SELECT CASE WHEN count(*) = count(kmh) THEN sum(stretch_km / kmh) * 60 END AS free_flow_min, sum(stretch_km) AS length_km
FROM (
  SELECT c.site_id, any_value(c.to_km - c.from_km) AS stretch_km, max(ff.free_flow_kmh) AS kmh
  FROM corridor_sites c
  LEFT JOIN site_facts f ON f.site_id = c.site_id
  LEFT JOIN site_free_flow ff ON ff.site_id = c.site_id
    AND (ff.direction = '' OR f.direction IS NULL OR ff.direction = f.direction)
  WHERE c.corridor_id = getvariable('corridor_id')::VARCHAR
  GROUP BY c.site_id
);

-- A crossing of a screenline, as it stood at the end of the asked period.
CREATE OR REPLACE TEMP VIEW screenline_crossings AS
SELECT screenline_id, name, type, site_id, direction, sense FROM screenlines
WHERE valid_from < asked_to() AND valid_to > asked_from()
QUALIFY valid_from = max(valid_from) OVER (PARTITION BY screenline_id);

-- A whole number from 0 below n, drawn by a name: another name, another draw. Of the text as a whole: hash(a, b) of numbers
-- is mixed so little that draws beside one another would be bound together.
CREATE OR REPLACE TEMP MACRO drawn(name, n) AS (hash(name) % n)::BIGINT;

-- Counts by quarters of an hour, and whether they answer.
-- (quarter-counts.ts)
CREATE OR REPLACE TEMP MACRO rolled_quarters() AS (
  rolled_dates() AND coalesce(getvariable('complete_share')::DOUBLE, 0.95) = 0.95
);
