-- title: Buffer index
-- question: What share of the mean travel time must one add, to be late on one trip in twenty only?
-- version: 1
-- source: BI = (T95 - mean T) / mean T (FHWA, Travel Time Reliability); over quarters of an hour of departure in the same period class, of walked times
-- needs: corridor, speed at every site
-- parameter: days | varchar | weekdays | one of all, weekdays, school-days, weekends, holidays, events | days of the city's calendar
-- column: period_class | | of 23 CFR 490.511, and the night
-- column: buffer_index | | (95th percentile - mean) / mean
-- column: p95_min | min | 95th percentile of the walked travel time
-- column: mean_min | min | mean walked time
-- column: intervals | | quarters of an hour the percentile is over
-- column: dates | | local dates they are of
-- caveat: Percentiles are over intervals of the same period class; with few dates they say little about bad days.
SELECT period_class, (quantile_cont(walked_min, 0.95) - avg(walked_min)) / avg(walked_min) AS buffer_index,
  quantile_cont(walked_min, 0.95) AS p95_min, avg(walked_min) AS mean_min, count(*) AS intervals,
  count(DISTINCT date) AS dates
FROM corridor_quarters
WHERE on_days(day_type, getvariable('days'))
GROUP BY period_class
ORDER BY period_class
