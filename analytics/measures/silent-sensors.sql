-- title: Silent sensors
-- question: Which sensors owed readings and sent none, for how long?
-- version: 1
-- source: gaps between windows within what the registry's installations promise
-- needs: period
-- parameter: silence_hours | double | 1 | | shortest silence that counts
-- column: device_id | | the device
-- column: site_id | | where it stood
-- column: site_name | | as at the end of the period
-- column: direction | | as promised; '' is the site's own
-- column: lanes | | lanes that were silent alike; 0 is all lanes together
-- column: silences | | silences that count
-- column: silent_h | h | their sum, each lane once
-- column: silent_share | | of the time owed
-- column: longest_h | h | the longest of them
-- column: longest_from | | its start
-- column: longest_to | | its end
-- column: last_heard_at | | end of the last window within the period; NULL where there was none
-- column: still_silent | | silent up to the end of what it owes in the period
-- caveat: A sensor that sends zeros is not silent; one that sends some readings of each window is not either.
WITH heard AS (
  SELECT p.device_id, p.site_id, p.direction, p.lane, p.owed_from, p.owed_to, w.start_at,
    make_timestamptz(epoch_us(w.start_at) + w.window_s::BIGINT * 1000000) AS end_at
  FROM promises p
  JOIN near_windows w ON w.device_id = p.device_id AND w.site_id = p.site_id AND w.direction = p.direction
    AND w.lane = p.lane AND w.start_at >= p.owed_from - INTERVAL 1 day AND w.start_at < p.owed_to
    AND epoch_us(w.start_at) + w.window_s::BIGINT * 1000000 > epoch_us(p.owed_from) AND w.observed_s > 0
), gaps AS (
  SELECT device_id, site_id, direction, lane, owed_from, owed_to, end_at AS from_at,
    coalesce(lead(start_at) OVER (PARTITION BY device_id, site_id, direction, lane, owed_from ORDER BY start_at),
      owed_to) AS to_at
  FROM heard
  UNION ALL
  SELECT p.device_id, p.site_id, p.direction, p.lane, p.owed_from, p.owed_to, p.owed_from,
    coalesce(min(h.start_at), p.owed_to)
  FROM promises p LEFT JOIN heard h USING (device_id, site_id, direction, lane, owed_from)
  GROUP BY p.device_id, p.site_id, p.direction, p.lane, p.owed_from, p.owed_to
), silences AS (
  SELECT *, (epoch_ms(to_at) - epoch_ms(from_at)) / 3.6e6 AS silent_h
  FROM gaps
  WHERE epoch_ms(to_at) - epoch_ms(from_at) >= getvariable('silence_hours') * 3.6e6
), by_lane AS (
  SELECT device_id, site_id, direction, lane, count(*) AS silences, sum(silent_h) AS silent_h, max(silent_h) AS longest_h,
    arg_min(from_at, (-silent_h, from_at)) AS longest_from, arg_min(to_at, (-silent_h, from_at)) AS longest_to,
    bool_or(to_at = owed_to) AS still_silent
  FROM silences
  GROUP BY ALL
), owed AS (
  SELECT device_id, site_id, direction, lane, sum(epoch_ms(owed_to) - epoch_ms(owed_from)) / 3.6e6 AS owed_h
  FROM promises
  GROUP BY ALL
), last_heard AS (
  SELECT device_id, site_id, direction, lane, max(end_at) AS last_heard_at FROM heard GROUP BY ALL
)
SELECT b.device_id, b.site_id, f.name AS site_name, b.direction,
  string_agg(b.lane::VARCHAR, ', ' ORDER BY b.lane) AS lanes, b.silences, b.silent_h,
  any_value(b.silent_h / o.owed_h) AS silent_share, b.longest_h, b.longest_from, b.longest_to, l.last_heard_at,
  b.still_silent
FROM by_lane b
JOIN owed o USING (device_id, site_id, direction, lane)
LEFT JOIN last_heard l USING (device_id, site_id, direction, lane)
LEFT JOIN site_facts f ON f.site_id = b.site_id
GROUP BY b.device_id, b.site_id, f.name, b.direction, b.silences, b.silent_h, b.longest_h, b.longest_from,
  b.longest_to, l.last_heard_at, b.still_silent
ORDER BY b.silent_h DESC, b.device_id, b.site_id, b.direction
