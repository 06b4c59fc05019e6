-- title: Agreement of two counters
-- question: Does a counter agree with another one beside it, or with a manual count imported as a site?
-- version: 1
-- source: GEH = sqrt(2 (m - c)^2 / (m + c)) on hourly volumes; agreement where it is below 5 in 85 % of the hours (UK DMRB / WebTAG unit M3.1)
-- needs: hourly-flow
-- parameter: site | varchar | none | | the counter in question; without it nothing is compared
-- parameter: against | varchar | none | | the one it is compared with
-- parameter: complete_share | double | 0.95 | | an hour counts when its lanes were observed for this share of it
-- column: site_id | | the counter in question
-- column: against_id | | the one it is compared with
-- column: hours | | clock hours complete at both, all directions together
-- column: below_5_share | | of those, the share with GEH below 5
-- column: median_geh | | GEH of the middle hour
-- column: largest_geh | | the worst hour
-- column: volume_ratio | | vehicles of the counter / vehicles of the other, of those hours
-- column: agrees | | GEH below 5 in 85 % of the hours
-- caveat: Vehicles that join or leave between the two are in the difference.
-- caveat: GEH is of hourly volumes; of other periods it means something else.
WITH hours AS (
  SELECT site_id, hour_at, sum(volume) AS volume FROM hour_volumes
  WHERE site_id IN (getvariable('site'), getvariable('against'))
  GROUP BY site_id, hour_at HAVING bool_and(complete)
), pairs AS (
  SELECT m.volume AS m, c.volume AS c,
    CASE WHEN m.volume + c.volume > 0 THEN sqrt(2 * (m.volume - c.volume) ** 2 / (m.volume + c.volume)) ELSE 0 END AS geh
  FROM hours m JOIN hours c USING (hour_at)
  WHERE m.site_id = getvariable('site') AND c.site_id = getvariable('against')
)
SELECT getvariable('site') AS site_id, getvariable('against') AS against_id, count(*) AS hours,
  count(*) FILTER (geh < 5) / count(*) AS below_5_share, median(geh) AS median_geh, max(geh) AS largest_geh,
  sum(m) / nullif(sum(c), 0) AS volume_ratio, count(*) FILTER (geh < 5) >= 0.85 * count(*) AS agrees
FROM pairs
HAVING count(*) > 0
