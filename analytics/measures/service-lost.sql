-- title: Service lost, by cause
-- question: Why did scheduled service not run, and of how much does nobody know whether it ran?
-- version: 2
-- source: vehicle-km of trips canceled and cut short, with the cause that an alert of the same trip or route gave for that time
-- needs: timetable
-- parameter: by | varchar | route | one of route, network | a row for each cause of a route, or of all routes together
-- parameter: route | varchar | none | | this route only
-- column: route_id | | by route
-- column: what | | canceled, cut short, or unobserved
-- column: cause | | as the alert has it (strike, weather, accident, ...); "not known" where no alert speaks of the trip or its route at that time; NULL where unobserved
-- column: trips | | trips so affected
-- column: lost_km | km | vehicle-km not run; of unobserved: not known whether run
-- column: scheduled_share | | of scheduled vehicle-km
-- column: alerts | | what the alerts say, three at most
-- caveat: An alert that names the trip counts before one that names its route; of several the first sent. That it explains the loss is its sender's word.
-- caveat: Unobserved service may have run: it is never added to what was lost.
WITH parts AS (
  SELECT *, CASE WHEN canceled THEN 'canceled' WHEN short_m > 0 THEN 'cut short' END AS what FROM delivered_trips
), told AS (
  SELECT p.service_date, p.trip_id, arg_min(a.cause, (a.trip_id IS NULL, a.from_at)) AS cause, arg_min(a.header, (a.trip_id IS NULL, a.from_at)) AS header
  FROM parts p JOIN alerted a ON a.from_at < p.end_at AND a.to_at > p.start_at
    AND (a.trip_id = p.trip_id OR a.trip_id IS NULL AND a.route_id = p.route_id)
  WHERE p.what IS NOT NULL AND a.cause IS NOT NULL
  GROUP BY ALL
), named AS (
  SELECT p.route_id, p.what, coalesce(t.cause, 'not known') AS cause, p.canceled_m + p.short_m AS m, t.header
  FROM parts p LEFT JOIN told t USING (service_date, trip_id) WHERE p.what IS NOT NULL
  UNION ALL
  SELECT route_id, 'unobserved', NULL, way_m - run_m - canceled_m - short_m, NULL FROM parts WHERE way_m - run_m - canceled_m - short_m > 0.5
), due AS (
  SELECT CASE getvariable('by') WHEN 'route' THEN route_id END AS route_id, sum(way_m) AS m FROM parts GROUP BY ALL
)
SELECT d.route_id, n.what, n.cause, count(*) AS trips, sum(n.m) / 1e3 AS lost_km, sum(n.m) / nullif(any_value(d.m), 0) AS scheduled_share,
  array_to_string(list_sort(list_distinct(list(n.header)))[:3], '; ') AS alerts
FROM named n JOIN due d ON d.route_id IS NOT DISTINCT FROM CASE getvariable('by') WHEN 'route' THEN n.route_id END
GROUP BY d.route_id, n.what, n.cause
ORDER BY d.route_id, n.what, lost_km DESC, n.cause
