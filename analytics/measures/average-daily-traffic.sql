-- title: Average daily traffic
-- question: How many vehicles pass each site on a day?
-- version: 3
-- source: average daily traffic of complete days; the mean of the seven weekdays' means where all are there (after AASHTO; FHWA Traffic Monitoring Guide)
-- needs: flow, imputed when values=filled
-- parameter: complete_share | double | 0.95 | | a local day is complete when every lane was observed for this share of it
-- parameter: values | varchar | observed | one of observed, filled | filled: imputed values stand in where nothing came or the detector was judged bad
-- column: site_id | | the site
-- column: site_name | | as at the end of the period
-- column: direction | | as sent; '' is the site's own
-- column: adt_veh_day | veh/day | vehicles counted on a complete day; what was not observed is not added
-- column: method | | 'mean of weekday means' (all seven weekdays there) or 'mean of complete days'
-- column: weekday_veh_day | veh/day | mean of complete Mondays to Fridays
-- column: weekend_veh_day | veh/day | mean of complete Saturdays and Sundays
-- column: complete_days | | days in the figure
-- column: days | | local days with any count
-- column: first_date | | first complete day
-- column: last_date | | last complete day
-- column: observed_share | | of the complete days, the share of time observed
-- column: lanes_observed | | lanes in the figure
-- column: lanes_expected | | lanes there are; where more than observed, the figure is of the lanes observed only
-- column: imputed_share | | of what the row's site promised in the whole period, the share that imputed values stand in for; 0 where values is observed
-- caveat: Not an annual average (AADT): no factor for the season is applied. The dates are in the row.
-- caveat: Days with a clock change have 23 or 25 hours. Weekdays are by the day types of the calendar: holidays and events are in neither mean.
WITH weekdays AS (
  SELECT site_id, direction, isodow(date) AS weekday, avg(volume) AS mean_volume
  FROM day_volumes WHERE complete
  GROUP BY ALL
), weeks AS (
  SELECT site_id, direction, count(*) AS weekdays_there, avg(mean_volume) AS mean_of_means
  FROM weekdays
  GROUP BY ALL
)
SELECT j.site_id, any_value(f.name) AS site_name, j.direction,
  CASE WHEN any_value(w.weekdays_there) = 7 THEN any_value(w.mean_of_means)
       ELSE avg(j.volume) FILTER (j.complete) END AS adt_veh_day,
  CASE WHEN any_value(w.weekdays_there) = 7 THEN 'mean of weekday means'
       WHEN bool_or(j.complete) THEN 'mean of complete days' END AS method,
  avg(j.volume) FILTER (j.complete AND on_days(j.day_type, 'weekdays')) AS weekday_veh_day,
  avg(j.volume) FILTER (j.complete AND on_days(j.day_type, 'weekends')) AS weekend_veh_day,
  count(*) FILTER (j.complete) AS complete_days, count(*) AS days,
  min(j.date) FILTER (j.complete) AS first_date, max(j.date) FILTER (j.complete) AS last_date,
  avg(j.observed_share) FILTER (j.complete) AS observed_share,
  coalesce(min(j.lanes) FILTER (j.complete), min(j.lanes)) AS lanes_observed,
  any_value(j.lanes_expected) AS lanes_expected, coalesce(any_value(i.imputed_s / i.expected_s), 0) AS imputed_share
FROM day_volumes j
LEFT JOIN weeks w USING (site_id, direction)
LEFT JOIN site_facts f ON f.site_id = j.site_id
LEFT JOIN imputed_sites i ON i.site_id = j.site_id
GROUP BY j.site_id, j.direction
ORDER BY j.site_id, j.direction
