-- Which values of the day are missing: every window that a detector owed and did not fill, and every window of a detector
-- whose verdict is bad. Stands on the tables of a judged day (../health). A window is as long as the detector's period,
-- five minutes at least; windows that reach out of what is owed are none.
CREATE OR REPLACE TEMP TABLE impute_detectors AS
SELECT d.detector, d.device_id, d.site_id, d.direction, d.lane, coalesce(d.lanes, 1) AS lanes, d.road, d.travel, d.lat,
  d.lon, s.station, s.freeway, v.verdict = 'bad' AS bad, v.cause, greatest(300, d.period_s) AS window_s,
  d.expected_s, d.owed_from, d.owed_to
FROM health_detectors d JOIN health_stations s USING (site_id, direction)
JOIN health_verdicts v USING (device_id, site_id, direction, lane)
WHERE d.period_s <= 3600;

CREATE OR REPLACE TEMP TABLE impute_gaps AS
WITH owed AS (
  SELECT detector, bad, cause, window_s, unnest(range(
    (epoch_ms(owed_from) // 1000 + window_s - 1) // window_s * window_s, epoch_ms(owed_to) // 1000 // window_s * window_s,
    window_s::BIGINT)) AS start_s
  FROM impute_detectors
  WHERE expected_s > 0
    AND (bad OR detector IN (SELECT detector FROM health_silence WHERE observed_share < 1))
)
SELECT o.detector, o.start_s, o.window_s, CASE WHEN o.bad THEN o.cause ELSE 'missing' END AS because
FROM owed o
LEFT JOIN health_windows w ON w.detector = o.detector AND epoch(w.start_at)::BIGINT = o.start_s AND w.whole
WHERE o.bad OR w.detector IS NULL;

-- The detectors that have gaps, and the ones that may stand in for them: tier 1 on the same road and direction (the same
-- lane at the nearest stations, and the other lanes here), tier 2 the eight nearest within 8 km of the same kind of
-- road. Tier 3 is the mean of all of that kind: detector -1 stands for freeways, -2 for other roads.
CREATE OR REPLACE TEMP TABLE impute_targets AS
SELECT * FROM impute_detectors WHERE detector IN (SELECT detector FROM impute_gaps);

CREATE OR REPLACE TEMP TABLE impute_pairs AS
WITH local AS (
  SELECT t.detector, o.detector AS donor
  FROM impute_targets t JOIN health_pairs p USING (station)
  JOIN impute_detectors o ON o.station = p.other AND o.window_s = t.window_s AND o.lane = t.lane
  WHERE p.same_way AND NOT o.bad
  UNION
  SELECT t.detector, o.detector
  FROM impute_targets t JOIN impute_detectors o ON o.station = t.station AND o.window_s = t.window_s
  WHERE o.detector <> t.detector AND NOT o.bad
), regional AS (
  SELECT t.detector, o.detector AS donor
  FROM impute_targets t JOIN impute_detectors o ON o.lat BETWEEN t.lat - 0.072 AND t.lat + 0.072
    AND o.freeway = t.freeway AND o.window_s = t.window_s
  WHERE o.station <> t.station AND NOT o.bad AND distance_km(t.lat, t.lon, o.lat, o.lon) <= 8
  QUALIFY row_number() OVER (PARTITION BY t.detector ORDER BY distance_km(t.lat, t.lon, o.lat, o.lon), o.detector) <= 8
)
SELECT detector, donor, min(tier)::TINYINT AS tier
FROM (
  SELECT *, 1 AS tier FROM local UNION ALL SELECT *, 2 FROM regional
  UNION ALL SELECT detector, CASE WHEN freeway THEN -1 ELSE -2 END, 3 FROM impute_targets
)
GROUP BY detector, donor;

-- Sums for the fits of each pair, field by field; filled day by day (past-day.sql).
CREATE OR REPLACE TEMP TABLE impute_sums (detector INTEGER, donor INTEGER,
  flow_veh_h STRUCT(n BIGINT, x DOUBLE, y DOUBLE, xx DOUBLE, xy DOUBLE, yy DOUBLE),
  occupancy STRUCT(n BIGINT, x DOUBLE, y DOUBLE, xx DOUBLE, xy DOUBLE, yy DOUBLE),
  speed_kmh STRUCT(n BIGINT, x DOUBLE, y DOUBLE, xx DOUBLE, xy DOUBLE, yy DOUBLE));
-- What the targets themselves measured at that time of the day, on good days of this weekday and of this kind of day.
CREATE OR REPLACE TEMP TABLE impute_own (detector INTEGER, minute SMALLINT, same_weekday BOOLEAN, flow_veh_h FLOAT,
  occupancy FLOAT, speed_kmh FLOAT);

-- The last seven good days of each target among the 28 before, over which its pairs are fitted, and besides its good
-- days of this weekday; of its donors the same dates.
CREATE OR REPLACE TEMP TABLE impute_good_days AS
WITH good AS (
  SELECT d.detector, h.date
  FROM health_history h JOIN impute_detectors d USING (device_id, site_id, direction, lane)
  WHERE h.verdict <> 'bad' AND h.date < getvariable('health_date')::DATE
    AND h.date >= getvariable('health_date')::DATE - 28
), of_targets AS (
  SELECT detector, date, row_number() OVER (PARTITION BY detector ORDER BY date DESC) <= 7 AS of_fit
  FROM good JOIN impute_targets USING (detector)
  QUALIFY of_fit OR isodow(date) = isodow(getvariable('health_date')::DATE)
)
SELECT g.detector, g.date, coalesce(t.of_fit, false) AS of_fit
FROM good g LEFT JOIN of_targets t USING (detector, date)
WHERE g.date IN (SELECT date FROM of_targets) AND (t.date IS NOT NULL OR g.detector NOT IN (SELECT detector FROM impute_targets));
