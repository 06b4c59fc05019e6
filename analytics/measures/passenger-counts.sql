-- title: Passenger counts
-- question: Do the passenger counts add up, and which are of no stop?
-- version: 1
-- source: counted = assigned + unassigned by reason + not matched; the rule is in docs/transit.md
-- needs: passenger-readings
-- parameter: by | varchar | period | one of period, date | all together, or a row for each local date
-- column: date | | by date
-- column: side | | boarding, alighting, or load as the vehicle gives it
-- column: outcome | | assigned by which method, or unassigned for which reason; not-matched: no service date with it has been matched since it came
-- column: counts | | of a vehicle at a moment
-- column: passengers | | boarded or alighted; NULL for loads, which are no sum
-- column: share | | of the side's counts
-- caveat: Counts of the asked period by when they were made; all doors of a moment are one.
WITH made AS (
  SELECT device_id, vehicle_id, observed_at, city_time(observed_at)::DATE AS date, sum(boarded) AS boarding, sum(alighted) AS alighting,
    max(load) AS load
  FROM (FROM readings WHERE kind = 'passenger-count' AND outcome IN ('counted', 'restated')
      AND observed_at >= asked_from() AND observed_at < asked_to()
    QUALIFY row_number() OVER (PARTITION BY device_id, vehicle_id, coalesce(door, 0), observed_at
      ORDER BY coalesce(via, position) DESC, position DESC, index DESC) = 1)
  GROUP BY ALL
), sides AS (UNPIVOT made ON boarding, alighting, load INTO NAME side VALUE passengers),
matched AS (
  SELECT device_id, vehicle_id, observed_at, side, any_value(coalesce(reason, concat('assigned: ', method))) AS outcome
  FROM passenger_counts WHERE asked_date(date) GROUP BY ALL
), outcomes AS (
  SELECT CASE getvariable('by') WHEN 'date' THEN date END AS date, side, coalesce(outcome, 'not-matched') AS outcome,
    count(*) AS counts, (sum(passengers) FILTER (side <> 'load'))::BIGINT AS passengers
  FROM sides LEFT JOIN matched USING (device_id, vehicle_id, observed_at, side)
  GROUP BY ALL
)
SELECT date, side, outcome, counts, passengers, counts / sum(counts) OVER (PARTITION BY date, side) AS share
FROM outcomes
ORDER BY date, side, outcome
