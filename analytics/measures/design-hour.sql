-- title: Design hour (K and D)
-- question: How heavy is the 30th busiest hour of the year, and how one-sided?
-- version: 1
-- source: K = 30th highest clock hour, both directions together / AADT; D = larger direction / both in that hour (AASHTO; FHWA Traffic Monitoring Guide)
-- needs: hourly-flow
-- parameter: rank_hour | integer | 30 | | which of the highest hours
-- parameter: complete_share | double | 0.95 | | an hour or a day is complete when every lane was observed for this share of it
-- column: site_id | | the site
-- column: site_name | | as at the end of the period
-- column: year | | local year
-- column: k_factor | | that hour / daily traffic
-- column: d_factor | | the larger direction / both; NULL where the site has one direction
-- column: design_hour_at | | start of that hour
-- column: design_hour_veh | veh | vehicles in it, all directions
-- column: daily_veh_day | veh/day | what K is a share of
-- column: daily_basis | | AADT, or average of complete days
-- column: highest_veh | veh | the busiest hour
-- column: hours | | complete hours it was chosen from
-- column: standing | | 'full year' from 8,000 hours on, else 'indicative'
-- caveat: Hours are ranked one by one: of two that are equal, the earlier stands first.
-- caveat: Where a road's directions are sites of their own, D is not known: K is that of the direction.
WITH directions AS (
  SELECT site_id, count(*) AS directions FROM site_streams GROUP BY site_id
), hours AS NOT MATERIALIZED (
  SELECT site_id, year(local_at) AS year, hour_at, volume, volume AS larger, directions AS of_directions
  FROM hour_volumes JOIN directions USING (site_id) WHERE complete AND directions = 1
  UNION ALL
  SELECT site_id, any_value(year(local_at)), hour_at, sum(volume)::BIGINT, max(volume), any_value(directions)
  FROM hour_volumes JOIN directions USING (site_id) WHERE complete AND directions > 1
  GROUP BY site_id, hour_at HAVING count(*) = any_value(directions)
), ranked AS (
  -- One number ranks an hour and tells what it was: vehicles (21 bits), quarter hours from its start to the end of count, so that the
  -- earlier comes first (22), and the larger direction (20).
  SELECT site_id, year, any_value(of_directions) AS of_directions, count(*) AS hours, max(volume) AS highest,
    max((volume << 42) + ((4194303 - epoch_us(hour_at) // 900000000) << 20) + larger, getvariable('rank_hour')::INTEGER)
      [getvariable('rank_hour')::INTEGER] AS design
  FROM hours
  GROUP BY site_id, year
), chosen AS (
  SELECT * REPLACE (design >> 42 AS design), (design & 1048575)::BIGINT AS larger,
    make_timestamptz((4194303 - ((design >> 20) & 4194303)) * 900000000) AS hour_at
  FROM ranked WHERE design IS NOT NULL
)
SELECT r.site_id, f.name AS site_name, r.year::INTEGER AS year, r.design / coalesce(a.aadt, a.adt) AS k_factor,
  CASE WHEN r.of_directions > 1 THEN r.larger / r.design END AS d_factor, r.hour_at AS design_hour_at,
  r.design::BIGINT AS design_hour_veh, coalesce(a.aadt, a.adt) AS daily_veh_day,
  CASE WHEN a.aadt IS NOT NULL THEN 'AADT' WHEN a.adt IS NOT NULL THEN 'average of complete days' END AS daily_basis,
  r.highest::BIGINT AS highest_veh, r.hours, CASE WHEN r.hours >= 8000 THEN 'full year' ELSE 'indicative' END AS standing
FROM chosen r LEFT JOIN site_aadt a ON a.site_id = r.site_id AND a.year = r.year AND a.way IN ('all', 'only')
LEFT JOIN site_facts f ON f.site_id = r.site_id
ORDER BY r.site_id, r.year
