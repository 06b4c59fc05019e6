-- title: Bottlenecks
-- question: Where do freeway queues begin again and again, for how long, and what do they cost?
-- version: 1
-- source: Chen, Skabardonis and Varaiya, Systematic identification of freeway bottlenecks (TRR 1867, 2004); recurrent where active on a share of the days
-- needs: corridor of any, speed, free-flow
-- parameter: recurrence | varchar | recurrent | one of recurrent, one-off, all | recurrent: active without an incident on recurrent_share of the days at least; one-off: on fewer
-- parameter: top | integer | 10 | | rows at most
-- parameter: recurrent_share | double | 0.2 | | share of the days asked for, two days at least
-- parameter: days | varchar | weekdays | one of all, weekdays, school-days, weekends, holidays, events | days of the city's calendar
-- parameter: queue_kmh | double | 64 | | see bottleneck-episodes
-- parameter: rise_kmh | double | 32 | | see bottleneck-episodes
-- parameter: pair_km | double | 3.2 | | see bottleneck-episodes
-- parameter: queue_reference_kmh | double | 97 | | see bottleneck-episodes
-- parameter: freeway_kmh | double | 90 | | see bottleneck-episodes
-- parameter: free_flow_rule | varchar | auto | one of auto, night, low-occupancy | see free-flow-speed
-- parameter: free_flow_samples | integer | 12 | | see free-flow-speed
-- parameter: low_occupancy | double | 0.05 | | see free-flow-speed
-- column: rank | | 1 costs most: by delay where every row has flow, else by minutes active x mean queue
-- column: kind | | recurrent or one-off
-- column: corridor_id | | the corridor
-- column: road | | its name, else its road
-- column: upstream_site | | the last slow site: the queue ends here
-- column: upstream_name | | as at the end of the period
-- column: downstream_site | | the free site after it
-- column: km | km | of the upstream site along the corridor
-- column: part_of_day | | am or pm: the half of the day in which its episodes begin
-- column: typical_from | | median start by the city's clock
-- column: typical_to | | median end by the city's clock
-- column: days_active | | local dates on which it was active
-- column: days | | local dates with speeds on the corridor
-- column: days_a_month | | days active / days x 30.4
-- column: active_h | h | five-minute steps in which it was active, summed
-- column: mean_queue_km | km | mean over the episodes
-- column: max_queue_km | km | the longest
-- column: delay_veh_h | veh h | summed; NULL where a queue had no flow
-- column: lost_min_per_veh | min | what one vehicle loses in the whole queue, mean over the episodes
-- column: incident_days | | of the days active, those with an imported incident or roadworks on the queue
-- column: incidents | | names of those
-- caveat: Heads within one site of each other, in the same half of the day, are one bottleneck, named after the site with most minutes.
-- caveat: Without flow, delay is per vehicle, and the rank is by duration and extent.
-- caveat: Streets are left out: see slow-sections.
WITH days AS (
  SELECT corridor_id, count(DISTINCT date) AS days
  FROM (SELECT DISTINCT corridor_id, date FROM speed_dates JOIN corridor_sites USING (site_id))
  WHERE on_days(day_type(date), getvariable('days'))
  GROUP BY corridor_id
), episodes AS (
  SELECT *, city_time(from_at)::DATE AS date, CASE WHEN hour(city_time(from_at)) < 12 THEN 'am' ELSE 'pm' END AS part_of_day
  FROM bottleneck_episodes
  WHERE on_days(day_type(city_time(from_at)), getvariable('days'))
), places AS (
  SELECT corridor_id, part_of_day, position, sum(active_s) AS active_s FROM episodes GROUP BY ALL
), heads AS (
  SELECT p.* FROM places p
  WHERE NOT EXISTS (
    SELECT 1 FROM places o
    WHERE o.corridor_id = p.corridor_id AND o.part_of_day = p.part_of_day AND abs(o.position - p.position) = 1
      AND (o.active_s > p.active_s OR o.active_s = p.active_s AND o.position < p.position))
), assigned AS (
  SELECT e.*, h.position AS head
  FROM episodes e JOIN heads h ON h.corridor_id = e.corridor_id AND h.part_of_day = e.part_of_day
    AND abs(h.position - e.position) <= 1
  QUALIFY row_number() OVER (
    PARTITION BY e.corridor_id, e.position, e.from_at ORDER BY abs(h.position - e.position), h.active_s DESC) = 1
), rows_ AS (
  SELECT a.corridor_id, a.part_of_day, a.head, mode(a.downstream_site ORDER BY a.downstream_site) FILTER (a.position = a.head) AS downstream_site,
    count(DISTINCT a.date) AS days_active, sum(a.active_s) / 3600 AS active_h, avg(a.mean_queue_km) AS mean_queue_km,
    max(a.max_queue_km) AS max_queue_km,
    CASE WHEN count(a.delay_veh_h) = count(*) THEN sum(a.delay_veh_h) END AS delay_veh_h,
    avg(a.mean_lost_min) AS lost_min_per_veh,
    quantile_disc(hour(city_time(a.from_at)) * 60 + minute(city_time(a.from_at)), 0.5) FILTER (a.position = a.head)
      AS from_minute,
    quantile_disc(hour(city_time(a.to_at)) * 60 + minute(city_time(a.to_at)), 0.5) FILTER (a.position = a.head)
      AS to_minute,
    count(DISTINCT a.date) FILTER (a.incidents > 0) AS incident_days,
    string_agg(DISTINCT a.incident_names, ', ') AS incidents
  FROM assigned a
  GROUP BY ALL
), judged AS (
  SELECT r.*, d.days, CASE WHEN r.days_active - r.incident_days >= greatest(2, getvariable('recurrent_share') * d.days)
    THEN 'recurrent' ELSE 'one-off' END AS kind
  FROM rows_ r JOIN days d USING (corridor_id)
), chosen AS (
  SELECT *, bool_and(delay_veh_h IS NOT NULL) OVER () AS with_flow FROM judged
  WHERE getvariable('recurrence') IN ('all', kind)
)
SELECT row_number() OVER (
    ORDER BY CASE WHEN with_flow THEN delay_veh_h ELSE active_h * mean_queue_km END DESC, c.corridor_id, head) AS rank,
  kind, c.corridor_id, coalesce(s.name, s.road) AS road, s.site_id AS upstream_site, f.name AS upstream_name,
  downstream_site, s.km, part_of_day, clock_text(from_minute) AS typical_from, clock_text(to_minute) AS typical_to,
  days_active, days, days_active / days * 30.4 AS days_a_month, active_h, mean_queue_km, max_queue_km, delay_veh_h,
  lost_min_per_veh, incident_days, incidents
FROM chosen c JOIN corridor_sites s ON s.corridor_id = c.corridor_id AND s.position = c.head
LEFT JOIN site_facts f ON f.site_id = s.site_id
QUALIFY rank <= getvariable('top')
ORDER BY rank
