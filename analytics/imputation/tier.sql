-- Estimates by regression of one tier (variable impute_tier) for what the tiers before could not say: the median over the
-- donors that measured at that moment, never below 0.
INSERT INTO impute_regressed
WITH estimates AS (
  SELECT g.detector, g.start_s, f.field, f.donor,
    f.intercept + f.slope * CASE f.field WHEN 'flow_veh_h' THEN o.flow_veh_h WHEN 'occupancy' THEN o.occupancy
      ELSE o.speed_kmh END AS estimate
  FROM impute_gaps g JOIN impute_fits f USING (detector)
  JOIN impute_today o ON o.detector = f.donor AND o.start_s = g.start_s
  ANTI JOIN impute_regressed r ON r.detector = g.detector AND r.start_s = g.start_s AND r.field = f.field
  WHERE f.tier = getvariable('impute_tier')::INTEGER
)
SELECT detector, start_s, field, getvariable('impute_tier')::INTEGER, greatest(0, median(estimate)), max(estimate) - min(estimate),
  list(donor ORDER BY donor)
FROM estimates WHERE estimate IS NOT NULL GROUP BY detector, start_s, field;
