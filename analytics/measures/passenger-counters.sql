-- title: Passenger counters
-- question: Which vehicles' counters miss people, and whose load drifts?
-- version: 1
-- source: over whole trips as many get off as got on, so that sums which differ tell a bias (TCRP Report 113, balancing); a vehicle is empty at the end of a trip
-- needs: passenger-counts
-- parameter: bias_share | double | 0.03 | | boardings and alightings may differ by this share of the greater
-- parameter: unbalanced_share | double | 0.2 | | so many trips may not balance
-- parameter: passengers_at_least | integer | 200 | | below this sum nothing is said of a counter
-- parameter: route | varchar | none | | this route only
-- column: vehicle_id | | the vehicle
-- column: trips | | seen from first stop to last, with counts
-- column: boardings | | on those trips
-- column: alightings | | on those trips
-- column: difference_share | | (boardings - alightings) / the greater
-- column: unbalanced_share | | of those trips, whose loads are withheld because the sums differ too much
-- column: left_aboard | | what the vehicle itself gives as its load at the end of a trip, mean: 0 where nothing drifts
-- column: verdict | | misses boardings, misses alightings, does not balance, load drifts, good, or too few passengers
-- caveat: A bias of both sides alike shows nowhere here: hold a counter against a count by hand (GEH).
WITH trips AS (
  SELECT date, trip_id, vehicle_id, sum(boardings) AS boardings, sum(alightings) AS alightings,
    bool_or(load_withheld = 'does-not-balance') AS unbalanced, max(reported_load) FILTER (is_last) AS left_aboard
  FROM ridden_visits GROUP BY ALL
  HAVING bool_or(is_first) AND bool_or(is_last) AND count(boardings) > 0 AND count(alightings) > 0
), counters AS (
  SELECT vehicle_id, count(*) AS trips, sum(boardings)::BIGINT AS boardings, sum(alightings)::BIGINT AS alightings,
    (sum(boardings) - sum(alightings)) / nullif(greatest(sum(boardings), sum(alightings)), 0) AS difference_share,
    avg(coalesce(unbalanced, false)::INTEGER) AS unbalanced_share, avg(left_aboard) AS left_aboard
  FROM trips GROUP BY ALL
)
SELECT *, CASE WHEN greatest(boardings, alightings) < getvariable('passengers_at_least') THEN 'too few passengers'
    WHEN difference_share < -getvariable('bias_share') THEN 'misses boardings'
    WHEN difference_share > getvariable('bias_share') THEN 'misses alightings'
    WHEN unbalanced_share > getvariable('unbalanced_share') THEN 'does not balance'
    WHEN left_aboard >= 1 THEN 'load drifts' ELSE 'good' END AS verdict
FROM counters
ORDER BY verdict = 'good', verdict = 'too few passengers', abs(difference_share) DESC, vehicle_id
