-- question: Is every published window what its readings make, figure by figure, and is none missing?
-- source: domain/window.ts (units, keys), semantics.md "Time" (which window) and "Identity and outcomes" (what stands)
--
-- A mean speed with a count weighs by vehicles, without one by seconds; of no vehicles, or of 0 km/h, it has no pace.
-- A histogram holds drivers' speeds where there are any, else means by vehicles, else means by seconds. What a device
-- owes is read from its installation as of the window's latest reading; where the registry has been rewritten since and
-- now says that the device stood elsewhere, from what it last said of the device at that site. Revision and reason
-- depend on arrival and are not compared.
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

CREATE OR REPLACE TEMP TABLE audit_sums AS
SELECT w, any_value(entry) AS entry, min(ordered_at) AS first_at, max(observed_ms) AS last_ms, min(basis) AS basis,
  count(*) AS readings, sum(period_s)::BIGINT AS observed_s, sum(counted)::BIGINT AS count,
  coalesce(sum(period_s) FILTER (kind = 'traffic-flow' AND count IS NOT NULL), 0)::BIGINT AS count_s,
  coalesce(sum(occupancy_micro * period_s), 0)::BIGINT AS occupancy_micro_s,
  coalesce(sum(period_s) FILTER (occupancy_micro IS NOT NULL), 0)::BIGINT AS occupancy_s,
  coalesce(sum(CASE WHEN paced THEN audit_half_up(count::DOUBLE * 3.6e12 / speed_milli)::BIGINT END), 0)::BIGINT AS pace_micro_s,
  coalesce(sum(count) FILTER (paced), 0)::BIGINT AS pace_count,
  coalesce(sum(speed_milli * period_s) FILTER (timed), 0)::BIGINT AS speed_milli_s,
  coalesce(sum(period_s) FILTER (timed), 0)::BIGINT AS speed_s
FROM audit_contributions GROUP BY w;

CREATE OR REPLACE TEMP TABLE audit_class_sums AS
WITH sums AS (
  SELECT w, sum(classes.car)::BIGINT AS car, sum(classes.van)::BIGINT AS van, sum(classes.truck)::BIGINT AS truck, sum(classes.bus)::BIGINT AS bus, sum(classes.tram)::BIGINT AS tram, sum(classes.motorcycle)::BIGINT AS motorcycle, sum(classes.bicycle)::BIGINT AS bicycle, sum(classes.pedestrian)::BIGINT AS pedestrian, sum(classes.other)::BIGINT AS other
  FROM audit_contributions WHERE classes IS NOT NULL GROUP BY w
)
SELECT w, list_sort(list_filter([
    {key: 'car', value: car},
    {key: 'van', value: van},
    {key: 'truck', value: truck},
    {key: 'bus', value: bus},
    {key: 'tram', value: tram},
    {key: 'motorcycle', value: motorcycle},
    {key: 'bicycle', value: bicycle},
    {key: 'pedestrian', value: pedestrian},
    {key: 'other', value: other}
  ], lambda c: c.value IS NOT NULL)) AS class_counts
FROM sums;

CREATE OR REPLACE TEMP VIEW audit_published AS
SELECT hash(kind, device_id, subject, site_id, direction, lane::INTEGER, window_s::INTEGER, epoch_ms(start_at)) AS w,
  * REPLACE (
    CASE WHEN cardinality(class_counts) > 0 THEN list_sort(map_entries(class_counts)) END AS class_counts,
    CASE histogram_basis WHEN 'drivers' THEN 1 WHEN 'means-by-count' THEN 2 WHEN 'means-by-time' THEN 3
      ELSE 0 END::TINYINT AS histogram_basis),
  epoch_ms(start_at) AS start_ms
FROM windows WHERE audit_in_share(device_id);

-- Bins by themselves: made and published weights that do not cancel out.
CREATE OR REPLACE TEMP TABLE audit_unlike_bins AS
WITH weights AS (
  SELECT w, basis, d.kmh, d.vehicles AS made, 0 AS stored
  FROM (SELECT w, basis, unnest(drivers) AS d FROM audit_contributions WHERE basis = 1)
  UNION ALL
  SELECT w, basis, (speed_milli // 1000)::SMALLINT, CASE basis WHEN 2 THEN count ELSE period_s END, 0
  FROM audit_contributions WHERE basis > 1
  UNION ALL
  SELECT w, histogram_basis, unnest(map_keys(speed_histogram)), 0, unnest(map_values(speed_histogram))
  FROM audit_published
)
SELECT w, basis, kmh, sum(made)::BIGINT AS made, sum(stored)::BIGINT AS stored
FROM weights GROUP BY w, basis, kmh HAVING sum(made) <> sum(stored);

-- Made and published, where they are not alike; a side that is not there is NULL.
CREATE OR REPLACE TEMP TABLE audit_unlike_windows AS
WITH made AS (
  SELECT s.* EXCLUDE (basis), coalesce(s.basis, 0) AS histogram_basis, c.class_counts
  FROM audit_sums s LEFT JOIN audit_class_sums c USING (w)
), known AS (
  SELECT device_id, site_id, max_by(i, valid_from) AS i FROM installations i GROUP BY device_id, site_id
), pairs AS (
  SELECT m, p, CASE WHEN i.device_id IS NOT NULL
      THEN audit_promise(i.period_s, i.lanes, i.directions, p.lane, p.direction, p.window_s)
    WHEN k.device_id IS NOT NULL
      THEN audit_promise(k.i.period_s, k.i.lanes, k.i.directions, p.lane, p.direction, p.window_s)
    ELSE p.expected_s END AS expected_s
  FROM made m FULL JOIN audit_published p USING (w)
  LEFT JOIN installations i ON i.device_id = p.device_id AND i.site_id = p.site_id
    AND make_timestamptz(m.last_ms * 1000) >= i.valid_from AND make_timestamptz(m.last_ms * 1000) < i.valid_to
  LEFT JOIN known k ON k.device_id = p.device_id AND k.site_id = p.site_id
)
SELECT * FROM pairs
WHERE (m.readings, m.observed_s, m.count, m.count_s, m.occupancy_micro_s, m.occupancy_s, m.pace_micro_s, m.pace_count,
    m.speed_milli_s, m.speed_s, m.histogram_basis, m.class_counts, expected_s)
  IS DISTINCT FROM (p.readings, p.observed_s, p.count, p.count_s, p.occupancy_micro_s, p.occupancy_s, p.pace_micro_s,
    p.pace_count, p.speed_milli_s, p.speed_s, p.histogram_basis, p.class_counts, p.expected_s);

-- Made, not published. Overdue: closed by an end record, by its own later readings, or by live time.
CREATE OR REPLACE TEMP TABLE audit_absent_windows AS
WITH heard AS (
  SELECT device_id, subject, max(observed_ms) AS heard_ms FROM audit_entries GROUP BY device_id, subject
), absent AS (
  SELECT c.*, m.first_at, m.readings, c.start_ms + c.window_s * 1000 AS end_ms
  FROM audit_unlike_windows u JOIN audit_contributions c ON c.entry = u.m.entry
  WHERE u.p.w IS NULL
)
SELECT a.*,
  coalesce(e.ended_at > a.first_at, false)
  OR h.heard_ms >= a.end_ms + getvariable('audit_grace_ms')
  OR (a.live AND coalesce(l.live_ms >= a.end_ms + getvariable('audit_idle_ms'), false)) AS overdue
FROM absent a
LEFT JOIN heard h ON h.device_id = a.device_id AND h.subject = a.subject
LEFT JOIN audit_ended e ON e.device_id = a.device_id
LEFT JOIN audit_live_time l ON l.partition = a.partition;

-- [examined]
SELECT count(*) FROM audit_sums;

-- [open]
SELECT count(*) FROM audit_absent_windows WHERE NOT overdue;

-- [differences]
WITH figures AS (
  SELECT p.w AS w, unnest(list_filter([
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
      {figure: 'class_counts', expected: m.class_counts::VARCHAR, found: p.class_counts::VARCHAR},
      {figure: 'expected_s', expected: expected_s::VARCHAR, found: p.expected_s::VARCHAR},
      {figure: 'histogram_basis', expected: ['drivers', 'means-by-count', 'means-by-time'][m.histogram_basis], found: ['drivers', 'means-by-count', 'means-by-time'][p.histogram_basis]}
    ], lambda f: f.expected IS DISTINCT FROM f.found)) AS figure
  FROM audit_unlike_windows WHERE m.w IS NOT NULL AND p.w IS NOT NULL
), unlike AS (
  SELECT w, figure.figure AS problem, figure.expected AS expected, figure.found AS found
  FROM figures
  UNION ALL
  SELECT b.w, 'speed_histogram at ' || kmh || ' km/h', made::VARCHAR, stored::VARCHAR
  FROM audit_unlike_bins b JOIN audit_sums s ON s.w = b.w AND (s.basis = b.basis OR b.made = 0)
  UNION ALL
  SELECT p.w, 'published, but no reading makes it', NULL, p.readings || ' readings'
  FROM audit_unlike_windows WHERE m.w IS NULL
), named AS (
  SELECT p.* EXCLUDE (w), u.w, u.problem, u.expected, u.found FROM unlike u JOIN audit_published p USING (w)
), differences AS (
  SELECT kind, device_id, subject, site_id, direction, lane::INTEGER AS lane, window_s, start_ms, problem, expected, found
  FROM named
  UNION ALL
  SELECT kind, device_id, subject, site_id, direction, lane, window_s, start_ms,
    'not published', readings || ' readings', NULL
  FROM audit_absent_windows WHERE overdue
)
SELECT concat_ws(' ', kind, 'of', device_id, nullif(subject, ''), 'at', site_id, nullif(direction, ''),
    'lane ' || nullif(lane, 0), window_s || ' s from', make_timestamptz(start_ms * 1000)::VARCHAR) AS thing,
  problem, expected, found
FROM differences d
WHERE NOT EXISTS (
  SELECT 1 FROM audit_unarchived n
  WHERE n.device_id = d.device_id
    AND n.hour BETWEEN d.start_ms // 3600000 AND (d.start_ms + d.window_s * 1000 - 1) // 3600000);
