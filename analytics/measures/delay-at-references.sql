-- title: Delay at several reference speeds
-- question: How much delay is there, depending on the speed that counts as undelayed?
-- version: 1
-- source: delay = max(0, q (L/v - L/v_ref)), v floored at 5 km/h, at 56 to 97 km/h as Caltrans PeMS has at 35 to 60 mph, beside free flow and the limit
-- needs: hourly-flow, speed, length
-- parameter: reference_speeds_kmh | varchar | 56, 64, 72, 80, 89, 97 | | whole km/h, parted by commas
-- parameter: free_flow_rule | varchar | auto | one of auto, night, low-occupancy | see free-flow-speed
-- parameter: free_flow_samples | integer | 12 | | see free-flow-speed
-- parameter: low_occupancy | double | 0.05 | | see free-flow-speed
-- column: reference | | fixed, free-flow or speed-limit
-- column: reference_kmh | km/h | the fixed speed; NULL where each site has its own
-- column: delay_veh_h | veh h | vehicle hours lost against it
-- column: delay_s_per_veh_km | s/veh km | delay / VKT
-- column: vkt_veh_km | veh km | of the windows in the figure
-- column: sites | | sites in the figure: those that have such a reference
-- column: sites_left_out | | sites with flow, speed and length that have none
-- column: floored_windows | | windows slower than 5 km/h, taken as 5 km/h
-- caveat: A figure of delay means little without its reference: name it.
-- caveat: Reference speeds are rounded to whole km/h. Readings longer than an hour are left out.
WITH bins AS MATERIALIZED (
  SELECT site_id, direction, bin_kmh, sum(count) AS count, sum(floored_pace_us) AS floored_pace_us,
    sum(floored_windows) AS floored_windows, any_value(length_km) AS length_km
  FROM site_travel
  WHERE NOT long AND bin_kmh IS NOT NULL
  GROUP BY ALL
), site_references AS (
  SELECT s.site_id, s.direction, 'fixed' AS reference, kmh::INTEGER AS reference_kmh
  FROM (SELECT DISTINCT site_id, direction FROM bins) s,
    (SELECT unnest(string_split(getvariable('reference_speeds_kmh'), ',')) AS kmh)
  UNION ALL
  SELECT site_id, direction, 'free-flow', round(free_flow_kmh)::INTEGER FROM site_free_flow
  UNION ALL
  SELECT s.site_id, s.direction, 'speed-limit', round(f.speed_limit_kmh)::INTEGER
  FROM (SELECT DISTINCT site_id, direction FROM bins) s JOIN site_facts f USING (site_id)
  WHERE f.speed_limit_kmh IS NOT NULL
), every AS (
  SELECT count(DISTINCT site_id) AS sites FROM bins
)
SELECT r.reference, CASE r.reference WHEN 'fixed' THEN r.reference_kmh END AS reference_kmh,
  coalesce(sum(greatest(0, (b.floored_pace_us / 3.6e9 - b.count / r.reference_kmh) * b.length_km))
    FILTER (b.bin_kmh < r.reference_kmh), 0) AS delay_veh_h,
  coalesce(sum(greatest(0, (b.floored_pace_us / 3.6e9 - b.count / r.reference_kmh) * b.length_km))
    FILTER (b.bin_kmh < r.reference_kmh), 0) * 3600 / nullif(sum(b.count * b.length_km), 0) AS delay_s_per_veh_km,
  sum(b.count * b.length_km) AS vkt_veh_km, count(DISTINCT b.site_id) AS sites,
  any_value(e.sites) - count(DISTINCT b.site_id) AS sites_left_out, sum(b.floored_windows)::BIGINT AS floored_windows
FROM bins b JOIN site_references r USING (site_id, direction), every e
WHERE r.reference_kmh > 0
GROUP BY 1, 2
ORDER BY 2 NULLS LAST, 1
