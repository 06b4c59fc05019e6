-- title: Slowest sites
-- question: Where does each vehicle lose most time against free flow?
-- version: 1
-- source: time lost per vehicle and km = mean travel time - free-flow travel time, v floored at 5 km/h (Caltrans PeMS)
-- needs: speed, free-flow, occupancy when free_flow_rule=low-occupancy
-- parameter: top | integer | 10 | | rows at most
-- parameter: days | varchar | all | one of all, weekdays, weekends | days of the city's calendar
-- parameter: from_hour | integer | 6 | | first hour of the city's clock that counts
-- parameter: to_hour | integer | 22 | | hour of the city's clock at which it ends
-- parameter: congested_share | double | 0.6 | | a window counts as congested below this share of the free-flow speed
-- parameter: free_flow_rule | varchar | auto | one of auto, night, low-occupancy | see free-flow-speed
-- parameter: free_flow_samples | integer | 12 | | see free-flow-speed
-- parameter: low_occupancy | double | 0.05 | | see free-flow-speed
-- column: rank | | 1 is the slowest
-- column: site_id | | the site
-- column: site_name | | as at the end of the period
-- column: road | | as at the end of the period
-- column: direction | | as sent; where that is '', the site's own
-- column: lost_s_per_km | s/km | mean travel time - free-flow travel time, per vehicle
-- column: speed_kmh | km/h | mean speed of the hours asked for
-- column: speed_basis | | vehicles or time
-- column: free_flow_kmh | km/h | 85th percentile of interval means by the rule
-- column: free_flow_rule | | night or low-occupancy
-- column: congested_windows_share | | of the windows with a speed
-- column: worst_hour | h | hour of the city's clock with most time lost
-- column: worst_hour_speed_kmh | km/h | mean speed in that hour
-- column: floored_windows | | windows slower than 5 km/h, taken as 5 km/h
-- column: windows | | windows with a speed
-- caveat: Without counts this is the loss of one vehicle, averaged over time: it does not say how many lost it.
-- caveat: Free-flow speeds are measured within the period, at any hour.
WITH measured AS (
  SELECT w.*, hour(w.local_at) AS hour, ff.free_flow_kmh, ff.rule,
    CASE WHEN w.speed_basis = 'vehicles' THEN w.pace_count ELSE w.speed_s END AS weight,
    3600 / greatest(w.speed_kmh, floor_kmh()) - 3600 / ff.free_flow_kmh AS lost_s_per_km
  FROM site_windows w JOIN site_free_flow ff USING (site_id, direction)
  WHERE w.speed_kmh IS NOT NULL AND w.window_s <= 3600 AND on_days(w.local_at, getvariable('days'))
    AND hour(w.local_at) >= getvariable('from_hour') AND hour(w.local_at) < getvariable('to_hour')
), one_basis AS (
  SELECT m.*
  FROM measured m JOIN (
    SELECT site_id, direction, bool_or(speed_basis = 'vehicles') AS by_vehicles FROM measured GROUP BY ALL
  ) USING (site_id, direction)
  WHERE m.speed_basis = 'vehicles' OR NOT by_vehicles
), by_hour AS (
  SELECT site_id, direction, hour, sum(weight) AS weight, sum(weight * lost_s_per_km) AS lost,
    sum(pace_micro_s) AS pace_micro_s, sum(pace_count) AS pace_count, sum(speed_milli_s) AS speed_milli_s,
    sum(speed_s) AS speed_s, any_value(free_flow_kmh) AS free_flow_kmh, any_value(rule) AS rule, count(*) AS windows,
    count(*) FILTER (speed_kmh < getvariable('congested_share') * free_flow_kmh) AS congested,
    count(*) FILTER (speed_kmh < floor_kmh()) AS floored
  FROM one_basis
  GROUP BY site_id, direction, hour
), by_site AS (
  SELECT site_id, direction, sum(lost) / sum(weight) AS lost_s_per_km,
    speed_kmh(sum(pace_micro_s), sum(pace_count), sum(speed_milli_s), sum(speed_s)) AS speed_kmh,
    speed_basis(sum(pace_count), sum(speed_s)) AS speed_basis, any_value(free_flow_kmh) AS free_flow_kmh,
    any_value(rule) AS rule, sum(congested) / sum(windows) AS congested_windows_share,
    arg_max(hour, lost / weight) AS worst_hour,
    arg_max(speed_kmh(pace_micro_s, pace_count, speed_milli_s, speed_s), lost / weight) AS worst_hour_speed_kmh,
    sum(floored)::BIGINT AS floored_windows, sum(windows)::BIGINT AS windows
  FROM by_hour
  GROUP BY site_id, direction
)
SELECT row_number() OVER (ORDER BY b.lost_s_per_km DESC, b.site_id, b.direction) AS rank, b.site_id,
  f.name AS site_name, f.road, coalesce(nullif(b.direction, ''), f.direction) AS direction, b.lost_s_per_km,
  b.speed_kmh, b.speed_basis, b.free_flow_kmh, b.rule AS free_flow_rule, b.congested_windows_share,
  b.worst_hour::SMALLINT AS worst_hour, b.worst_hour_speed_kmh, b.floored_windows, b.windows
FROM by_site b LEFT JOIN site_facts f USING (site_id)
QUALIFY rank <= getvariable('top')
ORDER BY rank
