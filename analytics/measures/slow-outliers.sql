-- title: Sites whose slowness looks like a fault
-- question: Which sites are slow by night while the road before and behind them is free?
-- version: 1
-- source: Headway: night speeds beside those of both neighbours on the corridor; a queue reaches a neighbour, a faulty detector does not
-- needs: corridor of any, speed
-- parameter: outlier_share | double | 0.85 | | slow below this share of the slower neighbour's speed
-- parameter: outlier_windows | double | 0.5 | | share of the night windows in which it is
-- column: corridor_id | | the corridor
-- column: site_id | | the site
-- column: site_name | | as at the end of the period
-- column: km | km | along the corridor
-- column: night_kmh | km/h | its mean speed between 22:00 and 05:00
-- column: before_kmh | km/h | that of the site before it, in the same five minutes
-- column: after_kmh | km/h | that of the site after it
-- column: slow_share | | of the night's five minutes, those in which it is slower than both by the share
-- column: steps | | five minutes compared
-- caveat: A lower limit, a ramp or a curve looks the same: have the site looked at before anything is corrected.
WITH sites AS (
  SELECT corridor_id, site_id, km, sum(sum_kmh) / sum(steps) AS night_kmh, sum(before_kmh) / sum(steps) AS before_kmh,
    sum(after_kmh) / sum(steps) AS after_kmh, sum(slow_steps) / sum(steps) AS slow_share, sum(steps)::BIGINT AS steps
  FROM slow_nights
  GROUP BY ALL
)
SELECT s.corridor_id, s.site_id, f.name AS site_name, s.km, night_kmh, before_kmh, after_kmh, slow_share, steps
FROM sites s LEFT JOIN site_facts f USING (site_id)
WHERE slow_share >= getvariable('outlier_windows')
ORDER BY slow_share DESC, s.corridor_id, s.km
