-- What is odd about the data of the asked period and sites, so that a reader meets it by name and not as a wrong number: one
-- row a finding (`what`) and the thing it was found at. Nothing is corrected by it.
WITH watched AS (
  SELECT getvariable('transit_watched_from')::TIMESTAMPTZ AS watched_from, getvariable('transit_watched_to')::TIMESTAMPTZ AS watched_to
  WHERE getvariable('transit_watched_to') IS NOT NULL
), seen AS MATERIALIZED (
  SELECT device_id, site_id, direction, lane, sum(windows) AS windows, sum(kept_s) AS kept_s, sum(count) AS count,
    sum(count_s) AS count_s
  FROM device_day_parts
  WHERE kind = 'traffic-flow'
  GROUP BY ALL
), facts AS MATERIALIZED (
  SELECT f.* FROM site_facts f WHERE f.site_id IN (SELECT site_id FROM seen)
), held AS MATERIALIZED (
  SELECT device_id, site_id, period_s, lanes, directions, greatest(valid_from, asked_from()) AS valid_from,
    least(valid_to, asked_to()) AS valid_to
  FROM installations
  WHERE valid_from < asked_to() AND valid_to > asked_from() AND asked_site(site_id)
), lane_states AS (
  SELECT site_id, lanes, greatest(valid_from, asked_from()) AS from_at FROM sites
  WHERE valid_from < asked_to() AND valid_to > asked_from() AND lanes IS NOT NULL AND asked_site(site_id)
), device_lanes AS (
  SELECT device_id, any_value(site_id) AS site_id, list(DISTINCT lanes) AS states FROM held
  WHERE len(lanes) > 0 GROUP BY device_id HAVING count(DISTINCT lanes) > 1
)
SELECT 'No position, so on no map and without neighbours' AS what, site_id AS place FROM facts WHERE lat IS NULL OR lon IS NULL
UNION ALL
SELECT 'No speed limit, so in nothing that is measured against limits', site_id FROM facts WHERE speed_limit_kmh IS NULL
UNION ALL
SELECT 'Installed twice on the same lane at once, so that its flow counts vehicles twice',
  a.site_id || ' (' || a.device_id || ', ' || b.device_id || ')'
FROM held a JOIN held b ON a.site_id = b.site_id AND a.device_id < b.device_id AND a.valid_from < b.valid_to
  AND b.valid_from < a.valid_to
  AND (list_has_any(a.lanes, b.lanes) OR (coalesce(len(a.lanes), 0) = 0 AND coalesce(len(b.lanes), 0) = 0))
  AND (list_has_any(a.directions, b.directions) OR (coalesce(len(a.directions), 0) = 0 AND coalesce(len(b.directions), 0) = 0))
WHERE a.device_id IN (SELECT device_id FROM seen WHERE count_s > 0) AND b.device_id IN (SELECT device_id FROM seen WHERE count_s > 0)
UNION ALL
SELECT 'Directions that look swapped', site_id || ' (' || device_id || ', ' || strftime(min(date), '%-d %b') || ')'
FROM detector_days
WHERE cause = 'swapped-directions' AND city_moment(date) >= asked_from() AND city_moment(date) < asked_to() AND asked_site(site_id)
GROUP BY site_id, device_id
UNION ALL
SELECT 'Lanes that changed number within the period, so that flows before and after are of different roads',
  site_id || ' (' || string_agg(lanes, ' then ' ORDER BY from_at) || ')'
FROM lane_states GROUP BY site_id HAVING count(DISTINCT lanes) > 1
UNION ALL
SELECT 'Lanes that changed number within the period, so that flows before and after are of different roads',
  site_id || ' (' || device_id || ')'
FROM device_lanes WHERE site_id NOT IN (SELECT site_id FROM lane_states GROUP BY site_id HAVING count(DISTINCT lanes) > 1)
UNION ALL
SELECT 'Readings of another period than promised', s.device_id || ' (' || any_value(h.period_s) || ' s promised, windows of about '
    || round(sum(s.kept_s) / sum(s.windows))::INTEGER || ' s)'
FROM seen s JOIN held h USING (device_id, site_id)
WHERE h.period_s IS NOT NULL AND s.kept_s > 0
GROUP BY s.device_id
HAVING sum(s.kept_s) / sum(s.windows) > 1.5 * max(greatest(300, h.period_s))
  OR sum(s.kept_s) / sum(s.windows) < 0.5 * min(h.period_s)
UNION ALL
SELECT 'More vehicles than lanes can carry (over 2,400 veh/h and lane on average), as of counts of a longer period than they say',
  s.site_id || ' (' || round(sum(s.count) * 3600 / sum(s.count_s))::INTEGER || ' veh/h)'
FROM seen s LEFT JOIN facts f USING (site_id)
WHERE s.count_s > 0
GROUP BY s.site_id, s.device_id, s.lane
HAVING sum(s.count) * 3600 / sum(s.count_s) > 2400 * CASE WHEN s.lane > 0 THEN 1 ELSE coalesce(any_value(f.lanes), 1) END
UNION ALL
SELECT 'A day with a clock change', strftime(date, '%-d %b %Y') || ' (' || day_seconds(date) // 3600 || ' hours)'
FROM (
  SELECT unnest(generate_series(city_time(asked_from())::DATE, city_time(asked_to() - INTERVAL 1 second)::DATE,
    INTERVAL 1 day))::DATE AS date
)
WHERE day_seconds(date) <> 86400
UNION ALL
-- Where whole days were asked for and a site that counted has hardly any of them.
SELECT 'Counted on a tenth of the days or less', site_id || ' (' || days || ' of ' || asked_days || ')'
FROM (
  SELECT site_id, count(DISTINCT date) AS days,
    date_diff('day', city_time(asked_from())::DATE, city_time(asked_to())::DATE) AS asked_days
  FROM device_days WHERE kind = 'traffic-flow' AND count_s > 0 AND isfinite(asked_from()) AND isfinite(asked_to())
  GROUP BY site_id
)
WHERE asked_days >= 28 AND days <= 0.1 * asked_days
UNION ALL
SELECT 'For a day or more of the period no vehicle of public transport was seen yet, or any more: what was due then is in no figure',
  edge || ' ' || strftime(city_time(edge_at), '%-d %b %Y %H:%M')
FROM (
  SELECT 'before' AS edge, watched_from AS edge_at, asked_from() AS beyond_from, watched_from AS beyond_to FROM watched
  UNION ALL
  SELECT 'after', watched_to, watched_to, least(asked_to(), coalesce(getvariable('as_of')::TIMESTAMPTZ, asked_to())) FROM watched
)
WHERE isfinite(beyond_from) AND isfinite(beyond_to) AND beyond_to - beyond_from >= INTERVAL 24 HOUR
ORDER BY what, place
