-- The next day's history.
INSERT INTO health_history
SELECT date, device_id, site_id, direction, lane, verdict, cause, since, expected_s, observed_share, vehicles
FROM health_verdicts;
DELETE FROM health_history WHERE date < getvariable('health_date')::DATE - 28;
