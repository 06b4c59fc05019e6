-- What anomalies are looked for in: site speeds by five minutes, with the half hour of the local week (0 is Monday
-- 00:00), of detectors that are not condemned on that day. asked_from() to asked_to().
SELECT w.site_id || CASE WHEN w.direction <> '' THEN ' ' || w.direction ELSE '' END AS site_id,
  epoch_ms(w.start_at)::DOUBLE AS start_ms,
  ((isodow(m.local_at) - 1) * 48 + hour(m.local_at) * 2 + minute(m.local_at) // 30)::INTEGER AS slot,
  speed_kmh(sum(w.pace_micro_s), sum(w.pace_count), sum(w.speed_milli_s), sum(w.speed_s)) AS speed_kmh
FROM asked_windows w JOIN asked_moments m USING (start_at)
LEFT JOIN detector_days v ON v.device_id = w.device_id AND v.site_id = w.site_id AND v.direction = w.direction
  AND v.lane = w.lane AND v.date = m.local_at::DATE AND v.verdict = 'bad'
WHERE w.window_s = 300 AND (w.pace_count > 0 OR w.speed_s > 0) AND v.device_id IS NULL
GROUP BY w.site_id, w.direction, w.start_at, m.local_at
ORDER BY 1, 2
