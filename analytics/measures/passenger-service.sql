-- title: Service delivered as passengers have it
-- question: How many passenger-kilometres were served, and how many would those trips have carried that did not run?
-- version: 2
-- source: service-delivered (scheduled = run + lost + unobserved), each kilometre of a scheduled trip x the mean load, by kilometres, that was counted in the asked period on runs of the same route, direction, hour of the city's clock and day type of the service date; a kilometre lies in the hour in which the timetable has it, a trip's time spread evenly over its way; where no such run was counted it has no load, and is named
-- needs: timetable, passenger-counts
-- parameter: by | varchar | route | one of route, date, hour | a row for each; by hour, for each hour and day type of a route and direction: with the mean load that the rule takes
-- parameter: route | varchar | none | | this route only
-- column: route_id | | by route and hour
-- column: direction_id | | by hour: 0 or 1
-- column: day_type | | by hour: of the service date
-- column: hour | | by hour: of the city's clock
-- column: service_date | | by date
-- column: passenger_km | pass-km | counted: of stretches with a known load, as ridership has it
-- column: counted_share | | of stretches from stop to stop that were run, with a known load
-- column: mean_load | | of a scheduled kilometre, by the rule
-- column: run_passenger_km | pass-km | by the rule, of kilometres run, counted or not
-- column: lost_canceled_passenger_km | pass-km | by the rule, of trips called off
-- column: lost_short_passenger_km | pass-km | by the rule, of parts that the vehicle did not run
-- column: unobserved_passenger_km | pass-km | by the rule, of what nobody saw
-- column: run_share | | run / (run + lost), by passenger-km
-- column: km_run_share | | of the same kilometres, each as one: beside it
-- column: no_load_km | km | lost, in hours in which nobody was counted: in no figure of passengers
-- column: withheld | | those hours (route/direction, day type, hour), eight at most; or that nobody was counted at all
-- caveat: What is lost is by the mean load, not counted: who would have ridden may have taken the next vehicle, and is then in the load of that. It is demand that lost its trip, not journeys that were not made.
-- caveat: Where an hour has no load, its kilometres are in no_load_km and sums are of the others: NULL where there are no others.
-- caveat: A part cut off at an end of the way has the mean load of the whole way, though fewer ride there.
-- caveat: Counted passenger-km hold trips beyond the timetable too; what is by the rule does not.
WITH dates AS (
  SELECT service_date, day_type(service_date) AS day_type
  FROM (SELECT service_date FROM asked_service_dates UNION SELECT service_date FROM ridden_hours)
), ways AS (
  SELECT route_id, direction_id, from_stop, to_stop, sum((to_m - from_m) * runs) / sum(runs) AS m FROM run_seconds GROUP BY ALL
), counted AS (
  SELECT r.route_id, r.direction_id, r.from_stop, r.to_stop, d.day_type, r.hour, count(*) AS runs, sum(r.departure_load) AS riders
  FROM hour_runs r JOIN dates d USING (service_date) WHERE r.departure_load IS NOT NULL GROUP BY ALL
), loads AS (
  SELECT c.route_id, c.direction_id, c.day_type, c.hour, sum(c.riders * w.m) / sum(c.runs * w.m) AS load
  FROM counted c JOIN ways w USING (route_id, direction_id, from_stop, to_stop)
  GROUP BY ALL
), trips AS (
  SELECT t.*, coalesce(s.direction_id, 0) AS direction_id, epoch_ms(t.start_at) AS start_ms, epoch_ms(t.end_at) - epoch_ms(t.start_at) AS long_ms
  FROM delivered_trips t JOIN asked_service_dates a USING (service_date) JOIN timetable_trips s ON s.timetable = a.timetable AND s.trip_id = t.trip_id
), parts AS (
  -- A trip's way in parts that were run, were lost, or nobody saw.
  SELECT service_date, route_id, direction_id, start_ms, long_ms, way_m, unnest(CASE WHEN canceled THEN [{'what': 'canceled', 'from_m': 0::DOUBLE, 'to_m': way_m}]
    WHEN NOT seen THEN [{'what': 'unobserved', 'from_m': 0::DOUBLE, 'to_m': way_m}]
    ELSE [{'what': CASE WHEN began = 'short' THEN 'short' ELSE 'unobserved' END, 'from_m': 0::DOUBLE, 'to_m': from_m}, {'what': 'run', 'from_m': from_m, 'to_m': to_m},
      {'what': CASE WHEN ended = 'short' THEN 'short' ELSE 'unobserved' END, 'from_m': to_m, 'to_m': way_m}] END) AS part
  FROM trips
), spans AS (
  SELECT service_date, route_id, direction_id, part.what AS what, part.to_m - part.from_m AS m, start_ms + long_ms * part.from_m / way_m AS from_ms,
    start_ms + long_ms * part.to_m / way_m AS to_ms
  FROM parts WHERE part.to_m > part.from_m
), hours AS (
  SELECT *, unnest(range(0, 1 + floor((to_ms - hour_ms) / 3.6e6)::BIGINT)) AS nth
  FROM (SELECT *, epoch_ms(hour_start(make_timestamptz((from_ms * 1000)::BIGINT))) AS hour_ms FROM spans)
), due AS (
  SELECT service_date, route_id, direction_id, what, hour_ms + nth * 3600000 AS hour_ms,
    sum(m * coalesce((least(to_ms, hour_ms + (nth + 1) * 3.6e6) - greatest(from_ms, hour_ms + nth * 3.6e6)) / nullif(to_ms - from_ms, 0), 1)) AS m
  FROM hours WHERE to_ms > hour_ms + nth * 3.6e6 OR nth = 0
  GROUP BY ALL
), clocked AS (
  SELECT service_date, route_id, direction_id, what, hour(city_time(make_timestamptz(hour_ms * 1000)))::SMALLINT AS hour, m FROM due
), figures AS (
  SELECT u.route_id, u.direction_id, d.day_type, u.hour, u.service_date, u.what, u.m, l.load, NULL::BIGINT AS passenger_mm, NULL::BIGINT AS stretches, NULL::BIGINT AS loaded
  FROM clocked u JOIN dates d USING (service_date) LEFT JOIN loads l USING (route_id, direction_id, day_type, hour)
  UNION ALL
  SELECT r.route_id, r.direction_id, d.day_type, r.hour, r.service_date, 'counted', NULL, NULL, sum(r.passenger_mm)::BIGINT, sum(r.stretches)::BIGINT, sum(r.loaded)::BIGINT
  FROM ridden_hours r JOIN dates d USING (service_date) GROUP BY ALL
), sums AS (
  SELECT CASE WHEN getvariable('by') <> 'date' THEN route_id END AS route_id, CASE getvariable('by') WHEN 'hour' THEN direction_id END AS direction_id,
    CASE getvariable('by') WHEN 'hour' THEN day_type END AS day_type, CASE getvariable('by') WHEN 'hour' THEN hour::INTEGER END AS hour,
    CASE getvariable('by') WHEN 'date' THEN service_date END AS service_date, sum(passenger_mm) / 1e6 AS passenger_km, sum(loaded) / nullif(sum(stretches), 0) AS counted_share,
    sum(m * load) / sum(m) FILTER (load IS NOT NULL) AS mean_load,
    -- 0 where there is no such kilometre, NULL where there is and none has a load.
    CASE WHEN count(*) FILTER (what = 'run') = 0 THEN 0 ELSE sum(m * load) FILTER (what = 'run') / 1e3 END AS run_passenger_km,
    CASE WHEN count(*) FILTER (what = 'canceled') = 0 THEN 0 ELSE sum(m * load) FILTER (what = 'canceled') / 1e3 END AS lost_canceled_passenger_km,
    CASE WHEN count(*) FILTER (what = 'short') = 0 THEN 0 ELSE sum(m * load) FILTER (what = 'short') / 1e3 END AS lost_short_passenger_km,
    CASE WHEN count(*) FILTER (what = 'unobserved') = 0 THEN 0 ELSE sum(m * load) FILTER (what = 'unobserved') / 1e3 END AS unobserved_passenger_km,
    sum(m) FILTER (what = 'run' AND load IS NOT NULL) / nullif(sum(m) FILTER (what IN ('run', 'canceled', 'short') AND load IS NOT NULL), 0) AS km_run_share,
    coalesce(sum(m) FILTER (what IN ('canceled', 'short') AND load IS NULL), 0) / 1e3 AS no_load_km, count(m) AS scheduled, count(load) AS with_load,
    list_sort(list(DISTINCT concat(route_id, '/', direction_id, ' ', day_type, ' ', lpad(hour::VARCHAR, 2, '0'))) FILTER (what IN ('canceled', 'short') AND load IS NULL)) AS no_load
  FROM figures GROUP BY 1, 2, 3, 4, 5
)
SELECT route_id, direction_id, day_type, hour, service_date, passenger_km, counted_share, mean_load, run_passenger_km, lost_canceled_passenger_km,
  lost_short_passenger_km, unobserved_passenger_km,
  run_passenger_km / nullif(run_passenger_km + coalesce(lost_canceled_passenger_km, 0) + coalesce(lost_short_passenger_km, 0), 0) AS run_share, km_run_share, no_load_km,
  CASE WHEN scheduled > 0 AND with_load = 0 THEN 'nobody was counted'
    WHEN len(no_load) > 0 THEN concat(array_to_string(no_load[:8], ', '), CASE WHEN len(no_load) > 8 THEN concat(' and ', len(no_load) - 8, ' more') END) END AS withheld
FROM sums
ORDER BY 1, 2, 3, 4, 5
