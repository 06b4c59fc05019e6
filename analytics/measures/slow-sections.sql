-- title: Slow sections of city streets
-- question: Which streets are slow again and again, against their own free-flow speed?
-- version: 1
-- source: share of free-flow speed, as in the urban street level of service (HCM 6: half of it is the edge of C and D); sustained as in Chen, Skabardonis and Varaiya
-- needs: speed, free-flow
-- parameter: slow_share | double | 0.5 | | a window is slow below this share of the free-flow speed
-- parameter: top | integer | 10 | | rows at most
-- parameter: recurrent_share | double | 0.2 | | share of the days asked for, two days at least
-- parameter: days | varchar | weekdays | one of all, weekdays, school-days, weekends, holidays, events | days of the city's calendar
-- parameter: freeway_kmh | double | 90 | | streets only: free-flow speed below this
-- parameter: free_flow_rule | varchar | auto | one of auto, night, low-occupancy | see free-flow-speed
-- parameter: free_flow_samples | integer | 12 | | see free-flow-speed
-- parameter: low_occupancy | double | 0.05 | | see free-flow-speed
-- column: rank | | 1 is slow longest
-- column: site_id | | the site
-- column: site_name | | as at the end of the period
-- column: road | | its road
-- column: direction | | as sent; '' is the site's own
-- column: part_of_day | | am or pm
-- column: typical_from | | median of the days' first slow window
-- column: typical_to | | median of the days' last slow window's end
-- column: days_active | | local dates on which it was slow for half an hour at least
-- column: days | | local dates with speeds
-- column: slow_h | h | sustained slow time, summed
-- column: speed_kmh | km/h | mean in that time
-- column: free_flow_kmh | km/h | the site's own
-- column: speed_share | | of the free-flow speed
-- caveat: Sustained: slow in 5 of 7 consecutive windows of up to 15 minutes.
-- caveat: A signal's red is slow too: a detector close to a stop line is slow at all hours, and its free-flow speed low.
WITH streets AS (
  SELECT site_id, direction, free_flow_kmh FROM site_free_flow WHERE free_flow_kmh < getvariable('freeway_kmh')
), month_bins AS (
  FROM query(CASE WHEN rolled_months()
    THEN 'SELECT site_id, direction, bin_kmh, veh_windows + time_windows AS windows FROM rolled_speed_months
      WHERE date >= asked_first_date() AND date <= asked_last_date()'
    ELSE 'SELECT NULL::VARCHAR AS site_id, NULL::VARCHAR AS direction, NULL::SMALLINT AS bin_kmh, NULL::BIGINT AS windows WHERE false' END)
), slow_streets AS MATERIALIZED (
  -- Two days of two slow windows each there must have been.
  SELECT * FROM streets WHERE NOT rolled_months()
  UNION ALL
  SELECT * FROM streets SEMI JOIN (
    SELECT site_id, direction FROM month_bins JOIN streets USING (site_id, direction)
    WHERE bin_kmh < getvariable('slow_share') * free_flow_kmh
    GROUP BY site_id, direction HAVING sum(windows) >= 4) USING (site_id, direction)
), slow_halves AS (
  -- By the roll-up of speeds: halves of days in which two windows at least can have been slow.
  SELECT h.site_id, h.direction, h.date
  FROM rolled_speed_hours h JOIN slow_streets USING (site_id, direction)
  WHERE rolled_dates() AND h.date >= asked_first_date() AND h.date <= asked_last_date()
    AND h.bin_kmh < getvariable('slow_share') * free_flow_kmh
  GROUP BY h.site_id, h.direction, h.date, h.of_hour < 12
  HAVING sum(h.veh_windows + h.time_windows) >= 2
), candidates AS MATERIALIZED (
  SELECT site_id, direction, free_flow_kmh FROM streets WHERE NOT rolled_dates()
  UNION ALL
  SELECT site_id, direction, free_flow_kmh FROM streets SEMI JOIN (
    SELECT site_id, direction FROM slow_halves GROUP BY site_id, direction HAVING count(*) >= 2) USING (site_id, direction)
  WHERE rolled_dates()
), windows_there AS (
  SELECT site_id, direction, start_at, window_s,
    speed_kmh(sum(pace_micro_s), sum(pace_count), sum(speed_milli_s), sum(speed_s)) AS speed_kmh
  FROM query(CASE WHEN rolled_dates() AND NOT near_known()
    THEN 'SELECT * FROM windows_by_site WHERE kind = ''traffic-flow'' AND start_at >= asked_from() AND start_at < asked_to()'
    ELSE 'SELECT * FROM asked_windows' END) SEMI JOIN candidates USING (site_id, direction)
  WHERE window_s <= 900
  GROUP BY site_id, direction, start_at, window_s
), measured AS (
  SELECT w.site_id, w.direction, w.start_at, m.local_at, w.window_s, w.speed_kmh, c.free_flow_kmh,
    row_number() OVER (PARTITION BY w.site_id, w.direction ORDER BY w.start_at) AS n
  FROM windows_there w JOIN candidates c USING (site_id, direction) JOIN (
    SELECT start_at, local_at, coalesce(d.type, weekday_type(local_at)) AS day_type
    FROM (SELECT start_at, city_time(start_at) AS local_at FROM (SELECT DISTINCT start_at FROM windows_there)) t
    LEFT JOIN calendar_dates d ON d.date = t.local_at::DATE
  ) m USING (start_at)
  WHERE w.speed_kmh IS NOT NULL AND on_days(m.day_type, getvariable('days'))
), days AS (
  SELECT site_id, direction, count(DISTINCT local_at::DATE) AS days FROM measured GROUP BY ALL
), slow AS (
  SELECT *, count(*) OVER (PARTITION BY site_id, direction ORDER BY n RANGE BETWEEN CURRENT ROW AND 6 FOLLOWING) AS ahead
  FROM measured
  WHERE speed_kmh < getvariable('slow_share') * free_flow_kmh
), sustained AS (
  SELECT * FROM (
    SELECT *, max(ahead) OVER (PARTITION BY site_id, direction ORDER BY n RANGE BETWEEN 6 PRECEDING AND CURRENT ROW) AS most
    FROM slow
  )
  WHERE most >= 5
), by_day AS (
  SELECT site_id, direction, local_at::DATE AS date, CASE WHEN hour(local_at) < 12 THEN 'am' ELSE 'pm' END AS part_of_day,
    min(hour(local_at) * 60 + minute(local_at)) AS first_minute,
    max(hour(local_at) * 60 + minute(local_at) + window_s // 60) AS last_minute,
    sum(window_s) AS slow_s, avg(speed_kmh) AS speed_kmh, any_value(free_flow_kmh) AS free_flow_kmh
  FROM sustained
  GROUP BY ALL
  HAVING sum(window_s) >= 1800
), sections AS (
  SELECT site_id, direction, part_of_day, quantile_disc(first_minute, 0.5) AS first_minute,
    quantile_disc(last_minute, 0.5) AS last_minute, count(*) AS days_active, sum(slow_s) / 3600 AS slow_h,
    avg(speed_kmh) AS speed_kmh, any_value(free_flow_kmh) AS free_flow_kmh
  FROM by_day
  GROUP BY ALL
)
SELECT row_number() OVER (ORDER BY slow_h DESC, s.site_id, s.direction, part_of_day) AS rank, s.site_id,
  f.name AS site_name, f.road, s.direction, part_of_day, clock_text(first_minute) AS typical_from,
  clock_text(last_minute) AS typical_to, days_active, d.days, slow_h, s.speed_kmh, s.free_flow_kmh,
  s.speed_kmh / s.free_flow_kmh AS speed_share
FROM sections s JOIN days d USING (site_id, direction) LEFT JOIN site_facts f ON f.site_id = s.site_id
WHERE days_active >= greatest(2, getvariable('recurrent_share') * d.days)
QUALIFY rank <= getvariable('top')
ORDER BY rank
