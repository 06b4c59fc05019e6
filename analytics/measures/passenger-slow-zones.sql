-- title: Slow zones as passengers have them
-- question: How much time do passengers lose on the stretches where vehicles go well below their route's free speed?
-- version: 1
-- source: the stretches of slow-zones; of each run through a segment of one, its load x the seconds beyond the run at free speed, where it is beyond it at all
-- needs: timetable, passenger-counts
-- parameter: free_share | double | 0.65 | | a segment is slow below this share of the free speed
-- parameter: against | varchar | route | one of route, segment | free speed of the route as a whole, or the 85th percentile of each segment's own runs
-- parameter: least_lost_s | double | 30 | | zones that cost a run less are left out
-- parameter: hour_from | integer | 0 | | departures from this hour of the city's clock on
-- parameter: hour_to | integer | 24 | | and before this one; the free speed is of all hours
-- parameter: within_s | double | 60 | | times known less exactly than this (both ends together) are left out
-- parameter: route | varchar | none | | this route only
-- column: route_id | | the route
-- column: direction_id | | 0 or 1
-- column: from_stop | | where the zone begins
-- column: to_stop | | where it ends
-- column: length_m | m | along the shape
-- column: passengers_week | | carried through it (passenger-km over its length), a week of days like those observed, of runs with a known load alone
-- column: passenger_lost_s | s | that a passenger loses who rides through it: mean of each segment by load, added up
-- column: run_lost_s | s | of the same runs, each as one: beside it
-- column: lost_passenger_h_week | pass-h | lost in such a week, of runs with a known load alone; NULL where there is none
-- column: lost_veh_h_week | veh-h | of all vehicles at their median run, as slow-zones has it
-- column: counted_share | | runs with a known load / runs, of its segments
-- column: bounds | | what counted as a slow zone
-- caveat: From departure to arrival, so without dwell at stops (passenger-dwell).
-- caveat: Runs without a known load are in no figure of passengers: where counted_share is below 1, hours and passengers are a lower bound; passenger_lost_s is a mean.
WITH zones AS MATERIALIZED (
  SELECT *, row_number() OVER (ORDER BY route_id, direction_id, from_stop, to_stop) AS zone FROM slow_zones
), runs AS (
  SELECT s.zone, s.from_stop, s.to_stop, s.m, r.departure_load AS load, greatest(0, r.run_s - s.free_s) AS lost_s
  FROM (SELECT zone, route_id, direction_id, unnest(stretches, recursive := true) FROM zones) s
  JOIN hour_runs r USING (route_id, direction_id, from_stop, to_stop)
  WHERE r.hour >= getvariable('hour_from') AND r.hour < getvariable('hour_to')
), segments AS (
  SELECT zone, any_value(m) AS m, count(*) AS runs, count(load) AS counted, sum(load) AS riders, sum(load * lost_s) AS rider_lost_s,
    avg(lost_s) FILTER (load IS NOT NULL) AS run_lost_s
  FROM runs GROUP BY zone, from_stop, to_stop
), sums AS (
  SELECT zone, sum(riders * m) / sum(m) AS passengers, sum(rider_lost_s / nullif(riders, 0)) AS passenger_lost_s, sum(run_lost_s) AS run_lost_s,
    sum(rider_lost_s) AS rider_lost_s, sum(counted) / sum(runs) AS counted_share
  FROM segments GROUP BY zone
)
SELECT z.route_id, z.direction_id, z.from_stop, z.to_stop, z.length_m, s.passengers / z.days * 7 AS passengers_week, s.passenger_lost_s, s.run_lost_s,
  s.rider_lost_s / 3600 / z.days * 7 AS lost_passenger_h_week, z.lost_veh_h_week, s.counted_share,
  concat('below ', round(getvariable('free_share') * 100, 1), ' % of the ', getvariable('against'), '''s free speed, ', round(getvariable('least_lost_s'), 1), ' s a run or more, ',
    lpad(getvariable('hour_from')::VARCHAR, 2, '0'), '–', lpad(getvariable('hour_to')::VARCHAR, 2, '0'), ' h') AS bounds
FROM zones z JOIN sums s USING (zone)
ORDER BY lost_passenger_h_week DESC NULLS LAST, z.lost_veh_h_week DESC, z.route_id, z.direction_id, z.from_stop
