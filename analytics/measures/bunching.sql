-- title: Bunching and gaps
-- question: Where do vehicles run in bunches, and where do gaps open?
-- version: 2
-- source: bunched where h < 0.25 H or h <= 120 s, a big gap where h > 2 H; the bounds are printed
-- needs: timetable, stop-visits
-- parameter: by | varchar | stop | one of stop, route, hour | a row for each
-- parameter: bunched_rule | varchar | share | one of share, seconds | share: h below bunched_share of H; seconds: h of bunched_s at most
-- parameter: bunched_share | double | 0.25 | | see bunched_rule
-- parameter: bunched_s | double | 120 | | see bunched_rule
-- parameter: gap_share | double | 2 | | a gap is over so many times H
-- parameter: route | varchar | none | | this route only
-- parameter: stop | varchar | none | | this stop only, or the stops of this station
-- column: route_id | | the route
-- column: direction_id | | 0 or 1
-- column: stop_id | | by stop
-- column: hour | | by hour: of the city's clock
-- column: headways | | observed headways
-- column: bunched | | of those
-- column: bunched_share | | bunched / headways
-- column: gaps | | of those that span no scheduled trip that nobody saw
-- column: gap_share | | gaps / those
-- column: bounds | | what counted
-- caveat: A headway that spans a trip nobody saw can be bunched, but is no gap.
WITH judged AS (
  FROM query(CASE WHEN transit_summed() AND getvariable('bunched_rule') = 'share' AND getvariable('bunched_share') = 0.25 AND getvariable('gap_share') = 2
    THEN 'SELECT route_id, direction_id, stop_id, hour, judged, bunched, gap_judged, gaps FROM headway_hours WHERE judged > 0'
    ELSE 'SELECT route_id, direction_id, stop_id, hour, 1 AS judged,
        CASE getvariable(''bunched_rule'') WHEN ''share'' THEN headway_s < getvariable(''bunched_share'') * scheduled_headway_s
          ELSE headway_s <= getvariable(''bunched_s'') END::INTEGER AS bunched, (NOT spans_unobserved)::INTEGER AS gap_judged,
        (NOT spans_unobserved AND headway_s > getvariable(''gap_share'') * scheduled_headway_s)::INTEGER AS gaps
      FROM stop_headways WHERE headway_s IS NOT NULL AND scheduled_headway_s > 0' END)
)
SELECT route_id, direction_id, CASE getvariable('by') WHEN 'stop' THEN stop_id END AS stop_id,
  CASE getvariable('by') WHEN 'hour' THEN hour::INTEGER END AS hour, sum(judged)::BIGINT AS headways, sum(bunched)::BIGINT AS bunched,
  sum(bunched) / sum(judged) AS bunched_share, sum(gaps)::BIGINT AS gaps, sum(gaps) / nullif(sum(gap_judged), 0) AS gap_share,
  concat(CASE getvariable('bunched_rule') WHEN 'share' THEN 'h < ' || getvariable('bunched_share') || ' H'
    ELSE 'h <= ' || getvariable('bunched_s') || ' s' END, '; h > ', getvariable('gap_share'), ' H') AS bounds
FROM judged
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
