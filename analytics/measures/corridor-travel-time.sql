-- title: Corridor travel time
-- question: How long does it take to drive the corridor at each time of day, and how much does that vary from day to day?
-- version: 2
-- source: walked travel time: each stretch is entered when the one before is left (van Lint and van der Zijpp 2003, piecewise constant speed); percentiles over days, never sums of link percentiles
-- needs: corridor, speed at every site
-- parameter: bin_minutes | integer | 15 | one of 5, 10, 15, 20, 30, 60 | departures are gathered by this much of the city's clock
-- parameter: days | varchar | weekdays | one of all, weekdays, school-days, weekends, holidays, events | days of the city's calendar
-- column: time_of_day | | start of the bin of departure, by the city's clock
-- column: days | | local dates with a complete walk: what the percentiles are over
-- column: mean_min | min | mean over days of the day's walked time in the bin
-- column: p50_min | min | median over days
-- column: p85_min | min | 85th percentile over days
-- column: p95_min | min | 95th percentile over days
-- column: mean_speed_kmh | km/h | length of the corridor / mean time
-- column: instantaneous_mean_min | min | mean over days of the sum of the stretches' times at departure: what no vehicle drove
-- column: departures | | complete walks, one each five minutes
-- column: incomplete_departures | | walks that met a stretch without a speed: in no figure
-- column: floored_speeds | | stretches driven slower than 5 km/h, taken as 5 km/h
-- column: length_km | km | from the first to the last site
-- caveat: A stretch reaches half-way to the neighbours and is driven at the speed of the five minutes in which it is entered.
-- caveat: A day's value in a bin is the mean of its departures. With few days, percentiles are interpolated between them.
WITH departures AS (
  SELECT city_time(departed_at) AS departed, walked_min, instantaneous_min, floored_speeds
  FROM corridor_walks
  WHERE on_days(day_type(city_time(departed_at)), getvariable('days'))
), by_day AS (
  SELECT departed::DATE AS date, bin_minute(departed, getvariable('bin_minutes')) AS bin,
    avg(walked_min) AS walked_min, avg(instantaneous_min) FILTER (walked_min IS NOT NULL) AS instantaneous_min,
    count(walked_min) AS departures, count(*) - count(walked_min) AS incomplete_departures,
    coalesce(sum(floored_speeds), 0) AS floored_speeds
  FROM departures
  GROUP BY ALL
), corridor AS (
  SELECT max(km) - min(km) AS length_km FROM corridor_sites WHERE corridor_id = getvariable('corridor_id')
)
SELECT clock_text(bin) AS time_of_day, count(walked_min) AS days, avg(walked_min) AS mean_min,
  quantile_cont(walked_min, 0.5) AS p50_min, quantile_cont(walked_min, 0.85) AS p85_min,
  quantile_cont(walked_min, 0.95) AS p95_min, any_value(length_km) / (avg(walked_min) / 60) AS mean_speed_kmh,
  avg(instantaneous_min) AS instantaneous_mean_min, sum(departures)::BIGINT AS departures,
  sum(incomplete_departures)::BIGINT AS incomplete_departures, sum(floored_speeds)::BIGINT AS floored_speeds,
  any_value(length_km) AS length_km
FROM by_day, corridor
GROUP BY bin
ORDER BY bin
