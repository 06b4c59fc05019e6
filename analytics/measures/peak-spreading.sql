-- title: Peak spreading
-- question: Is the peak one sharp hour, or has it spread over the hours around it?
-- version: 1
-- source: peak hour / the three hours around it of the mean day: 1/3 is flat, 1 all in one hour; and the hours that carry 90 % of the peak and more
-- needs: hourly-flow
-- parameter: days | varchar | weekdays | one of all, weekdays, school-days, weekends, holidays, events | days of the city's calendar
-- parameter: complete_share | double | 0.95 | | an hour counts when its lanes were observed for this share of it
-- column: site_id | | the site
-- column: site_name | | as at the end of the period
-- column: direction | | as sent; '' is the site's own
-- column: month | | first day of the local month: compare rows of a site over time
-- column: part_of_day | | am or pm
-- column: peak_hour | h | of the city's clock, the busiest of the mean day's half
-- column: peak_veh_h | veh/h | mean flow in it
-- column: peak_share | | peak hour / itself and the hours before and after it
-- column: broad_hours | h | hours of the half day with 90 % of the peak and more
-- column: days | | local dates in the mean day
-- caveat: A fall of peak_share over months means that the peak spreads; a detector that saturates at capacity shows the same.
WITH hours AS (
  SELECT site_id, direction, month, hour_of_week % 24 AS hour, sum(volume) / sum(hours) AS flow,
    sum(hours)::BIGINT AS days
  FROM volume_cells
  WHERE on_days(day_type, getvariable('days'))
  GROUP BY site_id, direction, month, hour_of_week % 24
), beside AS (
  SELECT *, flow + lag(flow) OVER day + lead(flow) OVER day AS three,
    lag(hour) OVER day = hour - 1 AND lead(hour) OVER day = hour + 1 AS whole,
    CASE WHEN hour < 12 THEN 'am' ELSE 'pm' END AS part_of_day
  FROM hours
  WINDOW day AS (PARTITION BY site_id, direction, month ORDER BY hour)
), peaks AS (
  SELECT *, count(*) FILTER (flow >= 0.9 * peak) OVER half AS broad_hours
  FROM (
    SELECT *, max(flow) OVER (PARTITION BY site_id, direction, month, part_of_day) AS peak FROM beside
  )
  WINDOW half AS (PARTITION BY site_id, direction, month, part_of_day)
)
SELECT p.site_id, f.name AS site_name, p.direction, p.month, part_of_day, hour::SMALLINT AS peak_hour,
  flow AS peak_veh_h, CASE WHEN whole THEN flow / three END AS peak_share, broad_hours, days
FROM peaks p LEFT JOIN site_facts f USING (site_id)
WHERE flow > 0
QUALIFY row_number() OVER (PARTITION BY p.site_id, p.direction, p.month, part_of_day ORDER BY flow DESC, hour) = 1
ORDER BY p.site_id, p.direction, p.month, part_of_day
