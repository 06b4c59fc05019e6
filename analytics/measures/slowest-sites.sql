-- title: Slowest sites
-- question: Where does each vehicle lose most time against free flow?
-- version: 3
-- source: time lost per vehicle and km = mean travel time - free-flow travel time, v floored at 5 km/h (Caltrans PeMS)
-- needs: speed, free-flow, occupancy when free_flow_rule=low-occupancy
-- parameter: top | integer | 10 | | rows at most
-- parameter: days | varchar | all | one of all, weekdays, school-days, weekends, holidays, events | days of the city's calendar
-- parameter: from_hour | integer | 6 | | first hour of the city's clock that counts
-- parameter: to_hour | integer | 22 | | hour of the city's clock at which it ends
-- parameter: congested_share | double | 0.6 | | a window counts as congested below this share of the free-flow speed, rounded to whole km/h
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
WITH hours AS (
  SELECT h.*, ff.free_flow_kmh, ff.rule, bool_or(veh_windows > 0) OVER (PARTITION BY site_id, direction) AS by_vehicles
  FROM site_day_hours h JOIN site_free_flow ff USING (site_id, direction)
  WHERE veh_windows + time_windows > 0 AND of_hour >= getvariable('from_hour') AND of_hour < getvariable('to_hour')
), slow AS (
  SELECT site_id, direction, of_hour, sum(veh_windows) AS veh_windows, sum(time_windows) AS time_windows
  FROM site_day_speeds JOIN site_free_flow ff USING (site_id, direction)
  WHERE bin_kmh < round(getvariable('congested_share') * ff.free_flow_kmh)
  GROUP BY ALL
), by_hour AS (
  SELECT h.site_id, h.direction, h.of_hour AS hour, free_flow_kmh, rule, pace_micro_s, pace_count, speed_milli_s, speed_s,
    CASE WHEN by_vehicles THEN veh_weight ELSE time_weight END AS weight,
    CASE WHEN by_vehicles THEN veh_pace_us ELSE time_pace_us END / 1e6 - 3600 / free_flow_kmh
      * CASE WHEN by_vehicles THEN veh_weight ELSE time_weight END AS lost,
    CASE WHEN by_vehicles THEN h.veh_windows ELSE h.time_windows END AS windows,
    coalesce(CASE WHEN by_vehicles THEN s.veh_windows ELSE s.time_windows END, 0) AS congested,
    CASE WHEN by_vehicles THEN veh_floored ELSE time_floored END AS floored
  FROM hours h LEFT JOIN slow s USING (site_id, direction, of_hour)
), by_site AS (
  SELECT site_id, direction, sum(lost) / sum(weight) AS lost_s_per_km,
    speed_kmh(sum(pace_micro_s), sum(pace_count), sum(speed_milli_s), sum(speed_s)) AS speed_kmh,
    speed_basis(sum(pace_count), sum(speed_s)) AS speed_basis, any_value(free_flow_kmh) AS free_flow_kmh,
    any_value(rule) AS rule, sum(congested) / sum(windows) AS congested_windows_share,
    arg_min(hour, (-lost / weight, hour)) FILTER (weight > 0) AS worst_hour,
    arg_min(speed_kmh(pace_micro_s, pace_count, speed_milli_s, speed_s), (-lost / weight, hour)) FILTER (weight > 0) AS worst_hour_speed_kmh,
    sum(floored)::BIGINT AS floored_windows, sum(windows)::BIGINT AS windows
  FROM by_hour
  WHERE windows > 0
  GROUP BY site_id, direction
)
SELECT row_number() OVER (ORDER BY b.lost_s_per_km DESC, b.site_id, b.direction) AS rank, b.site_id,
  f.name AS site_name, f.road, coalesce(nullif(b.direction, ''), f.direction) AS direction, b.lost_s_per_km,
  b.speed_kmh, b.speed_basis, b.free_flow_kmh, b.rule AS free_flow_rule, b.congested_windows_share,
  b.worst_hour::SMALLINT AS worst_hour, b.worst_hour_speed_kmh, b.floored_windows, b.windows
FROM by_site b LEFT JOIN site_facts f USING (site_id)
QUALIFY rank <= getvariable('top')
ORDER BY rank
