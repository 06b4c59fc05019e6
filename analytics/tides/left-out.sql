-- What TIDES has no place for, by table and reason.
SELECT 'trips_performed' AS tides_table, 'deadruns: on no trip' AS reason, count(*) AS rows FROM trips_performed
WHERE date = getvariable('service_date') AND relationship = 'deadrun'
UNION ALL
SELECT 'trips_performed', 'canceled, and no vehicle ran them (vehicle_id is required)', count(*) FROM trips_performed
WHERE date = getvariable('service_date') AND relationship <> 'deadrun' AND vehicle_id = ''
UNION ALL
SELECT 'passenger_events', concat('counts of no stop visit: ', reason), count(*) FROM passenger_counts
WHERE date = getvariable('service_date') AND reason IS NOT NULL AND side <> 'load' GROUP BY ALL
UNION ALL
SELECT 'passenger_events', 'counts at a door where nobody got on or off', count(*) FROM tides_doors WHERE passengers = 0
UNION ALL
SELECT 'vehicle_locations', 'messages without a position', count(*) FROM tides_positions
WHERE (lat IS NULL OR lon IS NULL) AND coalesce(trip_date, city_time(observed_at)::DATE) = getvariable('service_date')
UNION ALL
SELECT 'vehicle_locations', concat_ws(': ', outcome, nullif(reason, '')), count(*) FROM readings
WHERE kind = 'vehicle-position' AND outcome NOT IN ('counted', 'restated') AND city_time(observed_at)::DATE = getvariable('service_date')
GROUP BY ALL
