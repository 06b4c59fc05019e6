-- title: Speed by hour of the week
-- question: How fast does traffic move at each hour of the week?
-- version: 1
-- source: space-mean speed as the flow-weighted harmonic mean (Wardrop 1952; HCM 6, chapter 4)
-- needs: speed
-- parameter: by | varchar | city | one of city, site | what a row stands for, beside the hour
-- column: site_id | | NULL for the city
-- column: site_name | | as at the end of the period
-- column: direction | | as sent; '' is the site's own; NULL for the city
-- column: hour_of_week | h | 0 is Monday 00:00 to 01:00 by the city's clock
-- column: day | | Mon to Sun
-- column: hour | h | of the city's clock
-- column: speed_kmh | km/h | vehicles: harmonic, weighted by vehicles; time: arithmetic, weighted by seconds
-- column: speed_basis | | vehicles or time
-- column: days | | local dates with a speed in this hour
-- column: sites | | sites in the figure
-- column: sites_left_out | | sites whose speeds came without counts, where the figure is weighted by vehicles
-- caveat: Speeds that came without counts are averaged by time, which overstates the space-mean speed.
-- caveat: Readings longer than an hour are left out.
WITH hours AS MATERIALIZED (
  SELECT CASE getvariable('by') WHEN 'site' THEN site_id END AS of_site,
    CASE getvariable('by') WHEN 'site' THEN direction END AS of_direction, hour_of_week, date AS month, speed_days,
    site_id, pace_micro_s, pace_count, speed_milli_s, speed_s
  FROM site_week_hours
  WHERE speed_days <> 0
), months AS (
  SELECT of_site, of_direction, hour_of_week, sum(pace_micro_s) AS pace_micro_s, sum(pace_count) AS pace_count,
    sum(speed_milli_s) AS speed_milli_s, sum(speed_s) AS speed_s, bit_count(bit_or(speed_days)) AS days
  FROM hours
  GROUP BY of_site, of_direction, hour_of_week, month
), measured AS (
  SELECT of_site, of_direction, hour_of_week, count(*) AS all_sites, count(*) FILTER (by_vehicles) AS weighted_sites
  FROM (
    SELECT of_site, of_direction, hour_of_week, site_id, bool_or(pace_count > 0) AS by_vehicles FROM hours
    GROUP BY of_site, of_direction, hour_of_week, site_id
  )
  GROUP BY of_site, of_direction, hour_of_week
), sums AS (
  SELECT m.of_site, m.of_direction, m.hour_of_week, sum(pace_micro_s) AS pace_micro_s, sum(pace_count) AS pace_count,
    sum(speed_milli_s) AS speed_milli_s, sum(speed_s) AS speed_s, sum(days)::BIGINT AS days,
    any_value(all_sites) AS all_sites, any_value(weighted_sites) AS weighted_sites
  FROM months m JOIN measured s ON s.hour_of_week = m.hour_of_week AND s.of_site IS NOT DISTINCT FROM m.of_site
    AND s.of_direction IS NOT DISTINCT FROM m.of_direction
  GROUP BY m.of_site, m.of_direction, m.hour_of_week
)
SELECT s.of_site AS site_id, f.name AS site_name, s.of_direction AS direction, s.hour_of_week,
  ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'][s.hour_of_week // 24 + 1] AS day,
  (s.hour_of_week % 24)::SMALLINT AS hour,
  speed_kmh(s.pace_micro_s, s.pace_count, s.speed_milli_s, s.speed_s) AS speed_kmh,
  speed_basis(s.pace_count, s.speed_s) AS speed_basis, s.days,
  CASE WHEN s.pace_count > 0 THEN s.weighted_sites ELSE s.all_sites END AS sites,
  CASE WHEN s.pace_count > 0 THEN s.all_sites - s.weighted_sites ELSE 0 END AS sites_left_out
FROM sums s LEFT JOIN site_facts f ON f.site_id = s.of_site
ORDER BY 1, 3, 4
