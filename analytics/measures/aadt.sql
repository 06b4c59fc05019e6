-- title: Annual average daily traffic (AASHTO)
-- question: How many vehicles pass each site on the average day of the year?
-- version: 2
-- source: AASHTO: AADT = (1/7) sum over weekdays of (1/12) sum over months of the mean volume of its complete days (FHWA Traffic Monitoring Guide 2022, 3.2.5)
-- needs: flow, imputed when values=filled
-- parameter: complete_share | double | 0.95 | | a local day is complete when every lane was observed for this share of it
-- parameter: values | varchar | observed | one of observed, filled | filled: imputed values stand in where nothing came or the detector was judged bad
-- column: site_id | | the site
-- column: site_name | | as at the end of the period
-- column: direction | | as sent; '' is the site's own; NULL for all directions together
-- column: year | | local year
-- column: aadt_veh_day | veh/day | NULL where a weekday of a month has no complete day
-- column: adt_veh_day | veh/day | average of the complete days, whatever days they are
-- column: cells | | of the 84 weekdays of months, those with a complete day
-- column: complete_days | | days in the figures
-- column: first_date | | first of them
-- column: last_date | | last of them
-- column: imputed_share | | of what the row's site promised in the whole period, the share that imputed values stand in for; 0 where values is observed
-- caveat: Where a cell is empty there is no AADT: the average daily traffic of the dates in the row is named so, and has no factor for the season.
-- caveat: An interval belongs to short counts and to estimates of missing days; none is estimated here.
SELECT a.site_id, f.name AS site_name, a.direction, a.year::INTEGER AS year, aadt AS aadt_veh_day, adt AS adt_veh_day,
  cells, complete_days, first_date, last_date,
  coalesce(i.imputed_s / i.expected_s, 0) AS imputed_share
FROM site_aadt a LEFT JOIN site_facts f USING (site_id) LEFT JOIN imputed_sites i USING (site_id)
ORDER BY a.site_id, a.year, a.direction NULLS LAST
