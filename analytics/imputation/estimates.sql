-- The day's estimates. In order: median over the neighbours of a + b * what the neighbour measured then (tier.sql), tier 1
-- 'local', 2 'regional', 3 'all'; 'own-time-of-week': mean of the detector's own values; 'regional-median': of the same
-- kind of road within 8 km, lane by lane. Where none of them knows, the value is NULL and the method 'none'.

-- The detector's own past: means by weekday and time (three values at least), else by kind of day and time.
CREATE OR REPLACE TEMP TABLE impute_own_means AS
WITH means AS (
  SELECT detector, minute,
    CASE WHEN count(flow_veh_h) FILTER (same_weekday) >= 3 THEN avg(flow_veh_h) FILTER (same_weekday) ELSE avg(flow_veh_h) END
      AS flow_veh_h,
    CASE WHEN count(occupancy) FILTER (same_weekday) >= 3 THEN avg(occupancy) FILTER (same_weekday) ELSE avg(occupancy) END
      AS occupancy,
    CASE WHEN count(speed_kmh) FILTER (same_weekday) >= 3 THEN avg(speed_kmh) FILTER (same_weekday) ELSE avg(speed_kmh) END
      AS speed_kmh
  FROM impute_own GROUP BY detector, minute
)
UNPIVOT means ON flow_veh_h, occupancy, speed_kmh INTO NAME field VALUE value;

-- The region's: by kind of road and lane, of those within 8 km.
CREATE OR REPLACE TEMP TABLE impute_regional AS
WITH near AS (
  SELECT t.detector, t.lanes, o.detector AS donor, o.lanes AS donor_lanes
  FROM impute_targets t JOIN impute_detectors o ON o.lat BETWEEN t.lat - 0.072 AND t.lat + 0.072
    AND o.freeway = t.freeway AND o.window_s = t.window_s AND o.station <> t.station
  WHERE NOT o.bad AND distance_km(t.lat, t.lon, o.lat, o.lon) <= 8
  QUALIFY row_number() OVER (PARTITION BY t.detector ORDER BY distance_km(t.lat, t.lon, o.lat, o.lon), o.detector) <= 12
), unanswered AS (
  SELECT detector, start_s FROM impute_gaps
  ANTI JOIN (SELECT detector FROM impute_own_means GROUP BY detector) h USING (detector)
  ANTI JOIN (
    SELECT detector, start_s FROM impute_regressed GROUP BY detector, start_s
  ) r USING (detector, start_s)
)
SELECT g.detector, g.start_s, median(o.flow_veh_h / n.donor_lanes) * any_value(n.lanes) AS flow_veh_h,
  median(o.occupancy) AS occupancy, median(o.speed_kmh) AS speed_kmh, list(n.donor ORDER BY n.donor) AS donors
FROM unanswered g JOIN near n ON n.detector = g.detector
JOIN impute_today o ON o.detector = n.donor AND o.start_s = g.start_s
GROUP BY g.detector, g.start_s;

-- Which fields a detector measures: by its own past and by this day; where neither says, flow.
CREATE OR REPLACE TEMP TABLE impute_fields AS
SELECT DISTINCT detector, field FROM impute_own_means
UNION
SELECT DISTINCT detector, unnest([CASE WHEN flow_veh_h IS NOT NULL THEN 'flow_veh_h' END,
  CASE WHEN occupancy IS NOT NULL THEN 'occupancy' END, CASE WHEN speed_kmh IS NOT NULL THEN 'speed_kmh' END])
FROM health_windows WHERE detector IN (SELECT detector FROM impute_targets)
UNION
SELECT detector, 'flow_veh_h' FROM impute_targets
WHERE detector NOT IN (SELECT detector FROM impute_own) AND detector NOT IN (SELECT detector FROM health_windows);

CREATE OR REPLACE TEMP TABLE impute_values AS
WITH moments AS (
  SELECT start_s, bin_minute(city_time(make_timestamptz(start_s * 1000000)), 5) AS minute
  FROM (SELECT DISTINCT start_s FROM impute_gaps)
), wanted AS (
  SELECT g.*, f.field, m.minute FROM impute_gaps g JOIN impute_fields f USING (detector) JOIN moments m USING (start_s)
  WHERE f.field IS NOT NULL
), found AS (
  SELECT w.detector, w.start_s, w.window_s, w.because, w.field, r.tier, r.value AS regressed, r.spread, r.donors,
    o.value AS own,
    CASE w.field WHEN 'flow_veh_h' THEN g.flow_veh_h WHEN 'occupancy' THEN g.occupancy ELSE g.speed_kmh END AS regional,
    g.donors AS regional_donors
  FROM wanted w
  LEFT JOIN impute_regressed r USING (detector, start_s, field)
  LEFT JOIN impute_own_means o ON o.detector = w.detector AND o.field = w.field AND o.minute = w.minute
  LEFT JOIN impute_regional g ON g.detector = w.detector AND g.start_s = w.start_s
), chosen AS (
  SELECT *, CASE WHEN regressed IS NOT NULL THEN ['local', 'regional', 'all'][tier]
      WHEN own IS NOT NULL THEN 'own-time-of-week' WHEN regional IS NOT NULL THEN 'regional-median' ELSE 'none' END AS method,
    coalesce(regressed, own, regional) AS raw
  FROM found
), named AS (
  SELECT detector, device_id || CASE WHEN direction <> '' THEN ' ' || direction ELSE '' END
    || CASE WHEN lane > 0 THEN ' lane ' || lane ELSE '' END AS donor_name
  FROM impute_detectors
  UNION ALL VALUES (-1, 'all freeways'), (-2, 'all other roads')
), donors AS (
  SELECT *, CASE WHEN method IN ('local', 'regional', 'all') THEN donors WHEN method = 'regional-median' THEN regional_donors
    ELSE [] END AS used
  FROM chosen
), names AS (
  SELECT used, list(donor_name ORDER BY donor_name) AS donor_names
  FROM (SELECT used, unnest(used) AS detector FROM (SELECT DISTINCT used FROM donors)) JOIN named USING (detector)
  GROUP BY used
)
SELECT d.detector, d.start_s, d.window_s, d.because, d.field,
  CASE WHEN d.field = 'occupancy' THEN least(d.raw, 1) ELSE d.raw END AS value, d.method, d.spread,
  coalesce(n.donor_names, []) AS donors
FROM donors d LEFT JOIN names n USING (used);
