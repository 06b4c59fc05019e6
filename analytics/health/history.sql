-- What was said of the 28 days before the first day that is judged, from the lake; each day judged is added to it.
CREATE OR REPLACE TEMP TABLE health_history AS
SELECT date, device_id, site_id, direction, lane, verdict, cause, since, expected_s, observed_share, vehicles
FROM detector_days
WHERE date >= getvariable('health_date')::DATE - 28 AND date < getvariable('health_date')::DATE;
