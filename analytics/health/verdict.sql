-- The verdict of each detector and day: the first failure in the order of `health_causes`, with the figures it rests on.
CREATE OR REPLACE TEMP TABLE health_verdicts AS
WITH ranked AS (
  SELECT f.detector, arg_min(f.cause, c.rank) AS cause, arg_min(f.detail, c.rank) AS detail,
    arg_min(c.verdict, c.rank) AS verdict, list_distinct(list(f.cause ORDER BY c.rank)) AS failed
  FROM health_failures f JOIN health_causes c USING (cause) GROUP BY f.detector
), usual AS (
  -- Of the last good days of the same kind (working day or weekend), else of any.
  SELECT d.detector, coalesce(
      median(h.vehicles) FILTER ((isodow(h.date) >= 6) = (isodow(getvariable('health_date')::DATE) >= 6)),
      median(h.vehicles)) AS vehicles
  FROM health_detectors d JOIN health_history h USING (device_id, site_id, direction, lane)
  WHERE h.verdict <> 'bad' AND h.observed_share > 0.95 AND h.expected_s >= 82800 AND h.date < getvariable('health_date')::DATE
  GROUP BY d.detector
), roads AS (
  SELECT road, travel, median(vehicles / s.observed_share) AS vehicles
  FROM health_detectors JOIN health_tree USING (detector) JOIN health_silence s USING (detector)
  WHERE s.observed_share > 0.9 AND road IS NOT NULL AND lane = 0 GROUP BY road, travel
)
SELECT getvariable('health_date')::DATE AS date, d.device_id, d.site_id, d.direction, d.lane,
  coalesce(r.verdict, 'healthy') AS verdict, coalesce(r.cause, '') AS cause, coalesce(r.detail, '') AS detail,
  coalesce(r.failed, []) AS failed,
  CASE WHEN p.cause = r.cause THEN p.since ELSE getvariable('health_date')::DATE END AS since,
  CASE WHEN r.cause IN ('feed-silent', 'cabinet-silent') THEN g.together ELSE d.device_id END AS repair,
  d.expected_s, s.observed_s, least(1, s.observed_s / d.expected_s) AS observed_share, s.longest_gap_s, t.vehicles,
  round(coalesce(u.vehicles, CASE WHEN d.lane = 0 THEN w.vehicles END, CASE WHEN s.observed_share > 0.9 THEN t.vehicles END))
    ::BIGINT AS usual_vehicles, d.length_km,
  t.zero_occupancy_share, t.high_occupancy_share, t.occupancy_without_flow_share, t.flow_without_occupancy_share,
  y.samples AS daily_samples, y.s1, y.s2, y.s3, y.s4, k.longest_run_s AS stuck_s, l.implied_length_m,
  l.short_pulse_share, l.night_dispersion, x.own_r AS own_direction_r, x.other_r AS other_direction_r,
  z.slope AS lane_slope, b.change AS balance_change, b.link_ratio AS balance_link, c.ahead_s AS clock_ahead_s,
  c.quarantined, n.duplicate_share, n.restated_share, n.late_share
FROM health_detectors d
LEFT JOIN ranked r USING (detector)
LEFT JOIN health_silence s USING (detector)
LEFT JOIN health_tree t USING (detector)
LEFT JOIN health_daily_statistics y USING (detector)
LEFT JOIN health_stuck k USING (detector)
LEFT JOIN health_length l USING (detector)
LEFT JOIN health_stations a ON a.site_id = d.site_id AND a.direction = d.direction
LEFT JOIN health_directions x USING (station)
LEFT JOIN health_balance b USING (station)
LEFT JOIN health_lanes z ON z.device_id = d.device_id AND z.site_id = d.site_id AND z.direction = d.direction
LEFT JOIN health_clock c ON c.device_id = d.device_id
LEFT JOIN health_line n ON n.device_id = d.device_id
LEFT JOIN health_silent_together g ON g.device_id = d.device_id
LEFT JOIN usual u ON u.detector = d.detector
LEFT JOIN roads w ON w.road = d.road AND w.travel = d.travel
LEFT JOIN health_history p ON p.device_id = d.device_id AND p.site_id = d.site_id AND p.direction = d.direction
  AND p.lane = d.lane AND p.date = getvariable('health_date')::DATE - 1
ORDER BY d.site_id, d.device_id, d.direction, d.lane;
