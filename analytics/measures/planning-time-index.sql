-- title: Planning time index
-- question: How much longer than on a free road must one plan, to be late on one trip in twenty only?
-- version: 1
-- source: PTI = T95 / T_free (FHWA, Travel Time Reliability); percentiles over quarters of an hour of departure in the same period class, of walked times
-- needs: corridor, speed at every site, free-flow
-- parameter: days | varchar | weekdays | one of all, weekdays, school-days, weekends, holidays, events | days of the city's calendar
-- parameter: free_flow_rule | varchar | auto | one of auto, night, low-occupancy | see free-flow-speed
-- parameter: free_flow_samples | integer | 12 | | see free-flow-speed
-- parameter: low_occupancy | double | 0.05 | | see free-flow-speed
-- column: period_class | | of 23 CFR 490.511, and the night
-- column: planning_time_index | | 95th percentile / free flow
-- column: p95_min | min | 95th percentile of the walked travel time
-- column: free_flow_min | min | at the free-flow speed of every stretch
-- column: mean_min | min | mean walked time
-- column: intervals | | quarters of an hour the percentile is over
-- column: dates | | local dates they are of
-- caveat: Percentiles are over intervals of the same period class; with few dates they say little about bad days.
WITH asked AS (
  SELECT * FROM corridor_quarters WHERE on_days(day_type, getvariable('days'))
)
SELECT period_class, quantile_cont(walked_min, 0.95) / any_value(free_flow_min) AS planning_time_index,
  quantile_cont(walked_min, 0.95) AS p95_min, any_value(free_flow_min) AS free_flow_min, avg(walked_min) AS mean_min,
  count(*) AS intervals, count(DISTINCT date) AS dates
FROM asked, corridor_free_flow
GROUP BY period_class
ORDER BY period_class
