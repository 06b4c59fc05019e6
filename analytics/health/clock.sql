-- How far each device's clock is off, from the freshest reading of each hour of receipt: healthy devices of one clock
-- domain and period are as fresh as each other. A clock behind makes everything look old by the same time, one ahead
-- brings readings from the future, which admission quarantines. An hour counts where it differs by over 150 s.
CREATE OR REPLACE TEMP TABLE health_clock AS
WITH fresh AS (
  SELECT r.device_id, date_trunc('hour', r.received_at) AS hour_at, any_value(r.period_s) AS period_s,
    min(epoch(r.received_at) - epoch(r.observed_at)) AS lag_s, count(*) AS readings,
    count(*) FILTER (r.outcome = 'quarantined') AS quarantined
  FROM readings r
  WHERE r.kind = 'traffic-flow' AND r.received_at >= asked_from() AND r.received_at < asked_to() AND r.observed_at IS NOT NULL
  GROUP BY 1, 2
), usual AS (
  SELECT d.domain, f.period_s, median(f.lag_s) AS lag_s
  FROM (SELECT device_id, any_value(period_s) AS period_s, median(lag_s) AS lag_s FROM fresh GROUP BY device_id) f
  JOIN (SELECT DISTINCT device_id, domain FROM health_detectors) d USING (device_id)
  GROUP BY ALL
), hours AS (
  SELECT f.device_id, f.readings, f.quarantined, u.lag_s - f.lag_s AS ahead_s
  FROM fresh f
  JOIN (SELECT DISTINCT device_id, domain FROM health_detectors) d USING (device_id)
  JOIN usual u ON u.domain = d.domain AND u.period_s IS NOT DISTINCT FROM f.period_s
)
SELECT device_id, count(*) AS hours, count(*) FILTER (abs(ahead_s) > 150) AS hours_off,
  median(ahead_s) FILTER (abs(ahead_s) > 150) AS ahead_s,
  -- A clock is off by the same all the time; a line that stood still is not.
  quantile_cont(ahead_s, 0.75) FILTER (abs(ahead_s) > 150) - quantile_cont(ahead_s, 0.25) FILTER (abs(ahead_s) > 150)
    AS spread_s,
  sum(readings)::BIGINT AS readings, sum(quarantined)::BIGINT AS quarantined
FROM hours GROUP BY device_id;

INSERT INTO health_failures
SELECT detector, 'clock',
  CASE WHEN hours_off >= 3 AND spread_s <= 120
    THEN printf('clock %.0f min %s by the freshest readings of %d of %d hours', abs(ahead_s) / 60,
      CASE WHEN ahead_s > 0 THEN 'ahead' ELSE 'behind' END, hours_off, hours)
    ELSE printf('%.0f %% of what came was quarantined by its time', 100.0 * quarantined / readings) END
FROM health_clock JOIN health_detectors USING (device_id)
WHERE (hours_off >= 3 AND hours_off >= 0.1 * hours AND spread_s <= 120) OR quarantined > 0.05 * readings;
