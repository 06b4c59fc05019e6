-- title: Service delivered
-- question: How much of the scheduled service ran, how much was lost, and of how much does nobody know?
-- version: 2
-- source: scheduled vehicle-km = run + lost + unobserved; what nobody saw is not called lost
-- needs: timetable
-- parameter: by | varchar | route | one of route, date | a row for each
-- parameter: route | varchar | none | | this route only
-- column: route_id | | by route
-- column: service_date | | by date
-- column: trips | | scheduled to start in the period
-- column: trips_seen | | seen at one stop at least
-- column: trips_canceled | | called off, and not seen
-- column: trips_cut_short | | begun late or ended early, the vehicle being seen elsewhere
-- column: trips_unobserved | | neither seen nor canceled
-- column: trips_added | | performed beyond the timetable
-- column: scheduled_km | km | along the patterns
-- column: run_km | km | between the first and the last stop at which the vehicle was seen
-- column: lost_canceled_km | km | of trips called off
-- column: lost_short_km | km | of parts that the vehicle did not run
-- column: unobserved_km | km | nobody knows
-- column: run_share | | run / (run + lost): of what is known
-- column: observed_share | | (run + lost) / scheduled
-- caveat: A trip that no vehicle reported may have run: it is unobserved, never lost.
WITH sums AS (
  SELECT CASE getvariable('by') WHEN 'route' THEN route_id END AS route_id, CASE getvariable('by') WHEN 'date' THEN service_date END AS service_date,
    count(*) AS trips, count(*) FILTER (seen) AS trips_seen, count(*) FILTER (canceled) AS trips_canceled,
    count(*) FILTER (short_m > 0) AS trips_cut_short, count(*) FILTER (NOT seen AND NOT canceled) AS trips_unobserved,
    sum(way_m) / 1e3 AS scheduled_km, sum(run_m) / 1e3 AS run_km, sum(canceled_m) / 1e3 AS lost_canceled_km,
    sum(short_m) / 1e3 AS lost_short_km
  FROM delivered_trips GROUP BY ALL
), added AS (
  SELECT CASE getvariable('by') WHEN 'route' THEN route_id END AS route_id, CASE getvariable('by') WHEN 'date' THEN date END AS service_date,
    count(*) AS trips_added
  FROM trips_performed WHERE counts AND relationship = 'added' AND first_seen_at >= asked_from() AND first_seen_at < asked_to()
  GROUP BY ALL
)
SELECT s.route_id, s.service_date, trips, trips_seen, trips_canceled, trips_cut_short, trips_unobserved,
  coalesce(a.trips_added, 0) AS trips_added, scheduled_km, run_km, lost_canceled_km, lost_short_km,
  scheduled_km - run_km - lost_canceled_km - lost_short_km AS unobserved_km,
  run_km / nullif(run_km + lost_canceled_km + lost_short_km, 0) AS run_share,
  (run_km + lost_canceled_km + lost_short_km) / nullif(scheduled_km, 0) AS observed_share
FROM sums s LEFT JOIN added a ON a.route_id IS NOT DISTINCT FROM s.route_id AND a.service_date IS NOT DISTINCT FROM s.service_date
ORDER BY 1, 2
