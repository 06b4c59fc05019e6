-- question: Is every published window what its readings make, figure by figure, and is none missing?
-- source: domain/window.ts (units, keys), semantics.md "Time" (which window) and "Identity and outcomes" (what stands)
--
-- A mean speed with a count weighs by vehicles, without one by seconds; of no vehicles, or of 0 km/h, it has no pace.
-- A histogram holds drivers' speeds where there are any, else means by vehicles, else means by seconds. What a device
-- owes is read from its installation as of the window's latest reading. Revision and reason depend on arrival and are
-- not compared.
--
-- A window may be missing while it is open: no end record came after its first reading, its stream (the device, or the
-- vehicle it names) has not passed its end by audit_grace_ms, and live time has not by audit_idle_ms.

-- [prepare]
CREATE OR REPLACE TEMP VIEW audit_contributions AS
SELECT *, hash(kind, device_id, subject, site_id, direction, lane, window_s, start_ms) AS w,
  CASE WHEN kind = 'traffic-flow' THEN count
       WHEN event LIKE '82/%' AND kind = 'signal-event' THEN 1
       WHEN event LIKE '81/%' AND kind = 'signal-event' THEN 0 END AS counted,
  count > 0 AND speed_milli > 0 AS paced,
  speed_milli IS NOT NULL AND count IS NULL AS timed,
  CASE WHEN drivers IS NOT NULL THEN 1 WHEN count > 0 AND speed_milli > 0 THEN 2
       WHEN speed_milli IS NOT NULL AND count IS NULL THEN 3 END::TINYINT AS basis
FROM audit_members;

CREATE OR REPLACE TEMP TABLE audit_histograms AS
WITH weights AS (
  SELECT w, basis, d.kmh, d.vehicles AS weight
  FROM (SELECT w, basis, unnest(drivers) AS d FROM audit_contributions WHERE basis = 1)
  UNION ALL
  SELECT w, basis, (speed_milli // 1000)::SMALLINT, CASE basis WHEN 2 THEN count ELSE period_s END
  FROM audit_contributions WHERE basis > 1
), bins AS (
  SELECT w, basis, kmh, sum(weight)::BIGINT AS weight FROM weights GROUP BY ALL
), histograms AS (
  SELECT w, basis, list({key: kmh, value: weight} ORDER BY kmh) AS bins FROM bins GROUP BY w, basis
)
SELECT w, min(basis) AS basis, min_by(bins, basis) AS bins FROM histograms GROUP BY w;

CREATE OR REPLACE TEMP TABLE audit_windows AS
WITH sums AS (
  SELECT w, any_value(kind) AS kind, any_value(device_id) AS device_id, any_value(subject) AS subject,
    any_value(site_id) AS site_id, any_value(direction) AS direction, any_value(lane) AS lane,
    any_value(window_s) AS window_s, any_value(start_ms) AS start_ms,
    any_value(partition) AS partition, any_value(live) AS live, min(ordered_at) AS first_at, max(observed_ms) AS last_ms,
    count(*) AS readings, sum(period_s)::BIGINT AS observed_s,
    sum(counted)::BIGINT AS count,
    coalesce(sum(period_s) FILTER (kind = 'traffic-flow' AND count IS NOT NULL), 0)::BIGINT AS count_s,
    coalesce(sum(occupancy_micro * period_s), 0)::BIGINT AS occupancy_micro_s,
    coalesce(sum(period_s) FILTER (occupancy_micro IS NOT NULL), 0)::BIGINT AS occupancy_s,
    coalesce(sum(audit_half_up(count::DOUBLE * 3.6e12 / speed_milli)) FILTER (paced), 0)::BIGINT AS pace_micro_s,
    coalesce(sum(count) FILTER (paced), 0)::BIGINT AS pace_count,
    coalesce(sum(speed_milli * period_s) FILTER (timed), 0)::BIGINT AS speed_milli_s,
    coalesce(sum(period_s) FILTER (timed), 0)::BIGINT AS speed_s,
    sum(classes.car)::BIGINT AS car, sum(classes.van)::BIGINT AS van, sum(classes.truck)::BIGINT AS truck,
    sum(classes.bus)::BIGINT AS bus, sum(classes.tram)::BIGINT AS tram, sum(classes.motorcycle)::BIGINT AS motorcycle,
    sum(classes.bicycle)::BIGINT AS bicycle, sum(classes.pedestrian)::BIGINT AS pedestrian,
    sum(classes.other)::BIGINT AS other
  FROM audit_contributions GROUP BY w
)
SELECT s.*, h.bins AS histogram,
  CASE h.basis WHEN 1 THEN 'drivers' WHEN 2 THEN 'means-by-count' WHEN 3 THEN 'means-by-time' END AS histogram_basis,
  CASE WHEN i.period_s IS NOT NULL
        AND (CASE WHEN len(i.lanes) > 0 THEN list_contains(i.lanes, s.lane) ELSE s.lane = 0 END)
        AND (CASE WHEN len(i.directions) > 0 THEN list_contains(i.directions, s.direction) ELSE s.direction = '' END)
       THEN s.window_s END::BIGINT AS expected_s
FROM sums s
LEFT JOIN audit_histograms h USING (w)
LEFT JOIN installations i ON i.device_id = s.device_id AND i.site_id = s.site_id
  AND make_timestamptz(s.last_ms * 1000) >= i.valid_from AND make_timestamptz(s.last_ms * 1000) < i.valid_to;

-- Pairs that are not alike.
CREATE OR REPLACE TEMP TABLE audit_unlike_windows AS
WITH made AS (
  SELECT * EXCLUDE (car, van, truck, bus, tram, motorcycle, bicycle, pedestrian, other),
    CASE WHEN coalesce(car, van, truck, bus, tram, motorcycle, bicycle, pedestrian, other) IS NOT NULL THEN
      list_sort(list_filter([{key: 'car', value: car}, {key: 'van', value: van}, {key: 'truck', value: truck},
        {key: 'bus', value: bus}, {key: 'tram', value: tram}, {key: 'motorcycle', value: motorcycle},
        {key: 'bicycle', value: bicycle}, {key: 'pedestrian', value: pedestrian}, {key: 'other', value: other}],
        lambda c: c.value IS NOT NULL)) END AS class_counts
  FROM audit_windows
), published AS (
  SELECT hash(kind, device_id, subject, site_id, direction, lane::INTEGER, window_s::INTEGER, epoch_ms(start_at)) AS w,
    * REPLACE (nullif(list_sort(map_entries(class_counts)), []) AS class_counts),
    nullif(list_sort(map_entries(speed_histogram)), []) AS histogram, epoch_ms(start_at) AS start_ms
  FROM windows WHERE audit_in_share(device_id)
)
SELECT m, p
FROM made m FULL JOIN published p USING (w)
WHERE (m.readings, m.observed_s, m.count, m.count_s, m.occupancy_micro_s, m.occupancy_s, m.pace_micro_s, m.pace_count,
    m.speed_milli_s, m.speed_s, m.expected_s, m.histogram_basis)
  IS DISTINCT FROM (p.readings, p.observed_s, p.count, p.count_s, p.occupancy_micro_s, p.occupancy_s, p.pace_micro_s,
    p.pace_count, p.speed_milli_s, p.speed_s, p.expected_s, p.histogram_basis)
  OR m.class_counts IS DISTINCT FROM p.class_counts OR m.histogram IS DISTINCT FROM p.histogram;

CREATE OR REPLACE TEMP TABLE audit_absent_windows AS
WITH heard AS (
  SELECT device_id, subject, max(observed_ms) AS heard_ms FROM audit_entries GROUP BY device_id, subject
), absent AS (
  SELECT m.*, m.start_ms + m.window_s * 1000 AS end_ms FROM audit_unlike_windows WHERE p.w IS NULL
)
SELECT a.*,
  coalesce(e.ended_at > a.first_at, false)
  OR h.heard_ms >= a.end_ms + getvariable('audit_grace_ms')
  OR (a.live AND coalesce(l.live_ms > a.end_ms + getvariable('audit_idle_ms'), false)) AS overdue
FROM absent a
LEFT JOIN heard h USING (device_id, subject)
LEFT JOIN audit_ended e ON e.device_id = a.device_id
LEFT JOIN audit_live_time l ON l.partition = a.partition;

-- [examined]
SELECT count(*) FROM audit_windows;

-- [open]
SELECT count(*) FROM audit_absent_windows WHERE NOT overdue;

-- [differences]
WITH figures AS (
  SELECT p AS key, unnest(list_filter([
      {figure: 'readings', expected: m.readings::VARCHAR, found: p.readings::VARCHAR},
      {figure: 'observed_s', expected: m.observed_s::VARCHAR, found: p.observed_s::VARCHAR},
      {figure: 'count', expected: m.count::VARCHAR, found: p.count::VARCHAR},
      {figure: 'count_s', expected: m.count_s::VARCHAR, found: p.count_s::VARCHAR},
      {figure: 'occupancy_micro_s', expected: m.occupancy_micro_s::VARCHAR, found: p.occupancy_micro_s::VARCHAR},
      {figure: 'occupancy_s', expected: m.occupancy_s::VARCHAR, found: p.occupancy_s::VARCHAR},
      {figure: 'pace_micro_s', expected: m.pace_micro_s::VARCHAR, found: p.pace_micro_s::VARCHAR},
      {figure: 'pace_count', expected: m.pace_count::VARCHAR, found: p.pace_count::VARCHAR},
      {figure: 'speed_milli_s', expected: m.speed_milli_s::VARCHAR, found: p.speed_milli_s::VARCHAR},
      {figure: 'speed_s', expected: m.speed_s::VARCHAR, found: p.speed_s::VARCHAR},
      {figure: 'expected_s', expected: m.expected_s::VARCHAR, found: p.expected_s::VARCHAR},
      {figure: 'histogram_basis', expected: m.histogram_basis::VARCHAR, found: p.histogram_basis::VARCHAR},
      {figure: 'class_counts', expected: m.class_counts::VARCHAR, found: p.class_counts::VARCHAR},
      {figure: 'speed_histogram', expected: m.histogram::VARCHAR, found: p.histogram::VARCHAR}
    ], lambda f: f.expected IS DISTINCT FROM f.found)) AS figure
  FROM audit_unlike_windows WHERE m.w IS NOT NULL AND p.w IS NOT NULL
), unlike AS (
  SELECT key.kind AS kind, key.device_id AS device_id, key.subject AS subject, key.site_id AS site_id,
    key.direction AS direction, key.lane::INTEGER AS lane, key.window_s AS window_s, key.start_ms AS start_ms,
    figure.figure AS problem, figure.expected AS expected, figure.found AS found
  FROM figures
  UNION ALL
  SELECT kind, device_id, subject, site_id, direction, lane, window_s, start_ms,
    'not published', readings || ' readings', NULL
  FROM audit_absent_windows WHERE overdue
  UNION ALL
  SELECT p.kind, p.device_id, p.subject, p.site_id, p.direction, p.lane, p.window_s, p.start_ms,
    'published, but no reading makes it', NULL, p.readings || ' readings'
  FROM audit_unlike_windows WHERE m.w IS NULL
)
SELECT concat_ws(' ', kind, 'of', device_id, nullif(subject, ''), 'at', site_id, nullif(direction, ''),
    'lane ' || nullif(lane, 0), window_s || ' s from', make_timestamptz(start_ms * 1000)::VARCHAR) AS thing,
  problem, expected, found
FROM unlike u
WHERE NOT EXISTS (
  SELECT 1 FROM audit_unarchived n
  WHERE n.device_id = u.device_id
    AND n.hour BETWEEN u.start_ms // 3600000 AND (u.start_ms + u.window_s * 1000 - 1) // 3600000);
