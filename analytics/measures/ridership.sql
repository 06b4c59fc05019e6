-- title: Ridership
-- question: How many people got on and off, and how far did they ride?
-- version: 1
-- source: automatic counts matched to stops (docs/transit.md); passenger-km = sum of load x distance to the next stop (TCRP Report 113)
-- needs: passenger-counts
-- parameter: by | varchar | route | one of route, stop, hour, date, trip | a row for each
-- parameter: route | varchar | none | | this route only
-- parameter: stop | varchar | none | | this stop only, or the stops of this station
-- column: route_id | | the route
-- column: direction_id | | 0 or 1
-- column: stop_id | | by stop
-- column: hour | | by hour: of the city's clock
-- column: date | | by date: the service date
-- column: trip_id | | by trip
-- column: boardings | | counted
-- column: alightings | | counted
-- column: passenger_km | km | of stretches with a load
-- column: visits | | seen
-- column: counted | | of those, with a count, or passed without a halt
-- column: counted_share | | counted / visits
-- column: load_share | | stretches with a load / stretches between stops seen
-- caveat: What nobody counted is in no figure and is not expanded: see counted_share. Counts of no stop are in passenger-counts.
WITH rows_ AS (
  FROM query(CASE WHEN getvariable('by') = 'trip'
    THEN 'SELECT v.*, NULL::DATE AS service_date, 1 AS visits, (coalesce(v.boardings, v.alightings) IS NOT NULL)::INTEGER AS counted,
        (s.position IS NOT NULL)::INTEGER AS stretches, (s.departure_load IS NOT NULL)::INTEGER AS loaded, round(s.departure_load * s.km * 1e6)::BIGINT AS passenger_mm
      FROM ridden_visits v LEFT JOIN ridden_segments s USING (date, trip_id, vehicle_id, position)'
    ELSE 'SELECT *, NULL::VARCHAR AS trip_id FROM ridden_hours' END)
)
SELECT route_id, direction_id, CASE getvariable('by') WHEN 'stop' THEN stop_id END AS stop_id,
  CASE getvariable('by') WHEN 'hour' THEN hour::INTEGER END AS hour, CASE getvariable('by') WHEN 'date' THEN service_date END AS date,
  CASE getvariable('by') WHEN 'trip' THEN trip_id END AS trip_id, sum(boardings)::BIGINT AS boardings,
  sum(alightings)::BIGINT AS alightings, sum(passenger_mm) / 1e6 AS passenger_km, sum(visits)::BIGINT AS visits,
  sum(counted)::BIGINT AS counted, sum(counted) / sum(visits) AS counted_share,
  sum(loaded) / nullif(sum(stretches), 0) AS load_share
FROM rows_
GROUP BY 1, 2, 3, 4, 5, 6
ORDER BY 1, 2, 3, 4, 5, 6
