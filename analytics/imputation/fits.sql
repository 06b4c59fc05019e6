-- What the donors measured on the day, and each pair's line y = a + b x by least squares (144 pairs of values at least).
CREATE OR REPLACE TEMP TABLE impute_today AS
SELECT d.detector, epoch(w.start_at)::BIGINT AS start_s, w.flow_veh_h, w.occupancy, w.speed_kmh
FROM health_windows w JOIN impute_detectors d USING (detector)
WHERE NOT d.bad AND w.whole AND w.window_s = d.window_s
UNION ALL
SELECT CASE WHEN d.freeway THEN -1 ELSE -2 END, epoch(w.start_at)::BIGINT, avg(w.flow_veh_h / d.lanes), avg(w.occupancy),
  avg(w.speed_kmh)
FROM health_windows w JOIN impute_detectors d USING (detector)
WHERE NOT d.bad AND w.whole AND w.window_s = d.window_s
GROUP BY d.freeway, w.start_at;

-- How far the detector itself is from its own mean at that time of the day (values of three days at least): variance.
CREATE OR REPLACE TEMP TABLE impute_own_variance AS
WITH moments AS (
  SELECT detector, minute, var_samp(flow_veh_h) AS flow_veh_h, var_samp(occupancy) AS occupancy, var_samp(speed_kmh) AS speed_kmh
  FROM impute_own GROUP BY detector, minute HAVING count(*) >= 3
), means AS (
  SELECT detector, avg(flow_veh_h) AS flow_veh_h, avg(occupancy) AS occupancy, avg(speed_kmh) AS speed_kmh
  FROM moments GROUP BY detector
)
UNPIVOT means ON flow_veh_h, occupancy, speed_kmh INTO NAME field VALUE own_variance;

-- A neighbour that says less about the detector than its own past does is no donor (PeMS asks every neighbour first: on
-- city streets that is worse than no neighbour at all, see docs/imputation.md).
CREATE OR REPLACE TEMP TABLE impute_fits AS
WITH sums AS (
  SELECT detector, donor, field, sum(sums.n) AS n, sum(sums.x) AS x, sum(sums.y) AS y, sum(sums.xx) AS xx, sum(sums.xy) AS xy,
    sum(sums.yy) AS yy
  FROM (UNPIVOT impute_sums ON flow_veh_h, occupancy, speed_kmh INTO NAME field VALUE sums)
  GROUP BY detector, donor, field
), lines AS (
  SELECT *, (n * xy - x * y) / (n * xx - x * x) AS slope FROM sums WHERE n >= 144 AND n * xx - x * x > 1e-9 * n * xx
)
SELECT l.detector, l.donor, p.tier, l.field, l.n, l.slope, (l.y - l.slope * l.x) / l.n AS intercept,
  greatest(0, l.yy - l.y * l.y / l.n - l.slope * (l.xy - l.x * l.y / l.n)) / (l.n - 2) AS variance
FROM lines l JOIN impute_pairs p USING (detector, donor) LEFT JOIN impute_own_variance o USING (detector, field)
WHERE o.own_variance IS NULL
  OR greatest(0, l.yy - l.y * l.y / l.n - l.slope * (l.xy - l.x * l.y / l.n)) / (l.n - 2) <= o.own_variance;

-- By regression: tier by tier, each for what the one before could not say.
CREATE OR REPLACE TEMP TABLE impute_regressed (detector INTEGER, start_s BIGINT, field VARCHAR, tier TINYINT, value DOUBLE,
  spread DOUBLE, donors INTEGER[]);
