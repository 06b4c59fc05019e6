-- title: Free-flow speed
-- question: How fast does traffic move at each site when nothing slows it?
-- version: 1
-- source: by rule: the 85th percentile of interval mean speeds by night (22:00 to 05:00) or at low occupancy
-- needs: speed, occupancy when free_flow_rule=low-occupancy
-- parameter: free_flow_rule | varchar | auto | one of auto, night, low-occupancy | auto takes the night, and low occupancy where the night has too few samples
-- parameter: free_flow_samples | integer | 12 | | fewest samples that a rule may rest on
-- parameter: low_occupancy | double | 0.05 | | occupancy below which a sample counts as low
-- column: site_id | | the site
-- column: site_name | | as at the end of the period
-- column: direction | | as sent; '' is the site's own
-- column: free_flow_kmh | km/h | 85th percentile of interval means, not of drivers' speeds; NULL where no rule has samples enough
-- column: rule | | night or low-occupancy
-- column: samples | | windows of up to 15 minutes that the percentile rests on
-- column: speed_limit_kmh | km/h | of the site or its link, to compare
-- caveat: Percentiles are of interval means, so they lie below drivers' 85th percentile speed.
WITH with_speed AS (
  SELECT DISTINCT site_id, direction FROM site_hours WHERE pace_count > 0 OR speed_s > 0
)
SELECT w.site_id, f.name AS site_name, w.direction, ff.free_flow_kmh, ff.rule, ff.samples, f.speed_limit_kmh
FROM with_speed w
LEFT JOIN site_free_flow ff USING (site_id, direction)
LEFT JOIN site_facts f ON f.site_id = w.site_id
ORDER BY w.site_id, w.direction
