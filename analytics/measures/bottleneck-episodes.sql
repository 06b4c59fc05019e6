-- title: Bottleneck episodes
-- question: When was each freeway bottleneck active, and how far did its queue reach?
-- version: 1
-- source: Chen, Skabardonis and Varaiya, Systematic identification of freeway bottlenecks (TRR 1867, 2004); thresholds in km/h and km are parameters
-- needs: corridor of any, speed, free-flow
-- parameter: queue_kmh | double | 64 | | below this a site is queued (40 mph)
-- parameter: rise_kmh | double | 32 | | the rise across the bottleneck is more than this (20 mph)
-- parameter: pair_km | double | 3.2 | | its two sites lie less than this apart (2 miles)
-- parameter: queue_reference_kmh | double | 97 | | the speed that delay in the queue is counted against (60 mph)
-- parameter: freeway_kmh | double | 90 | | freeways only: free-flow speed of this and more on both sides
-- parameter: free_flow_rule | varchar | auto | one of auto, night, low-occupancy | see free-flow-speed
-- parameter: free_flow_samples | integer | 12 | | see free-flow-speed
-- parameter: low_occupancy | double | 0.05 | | see free-flow-speed
-- column: corridor_id | | the corridor
-- column: upstream_site | | the last slow site: the queue ends here
-- column: downstream_site | | the free site after it
-- column: km | km | of the upstream site along the corridor
-- column: date | | local date on which it began
-- column: from_at | | start of its first five minutes
-- column: to_at | | end of its last
-- column: from_time | | the start by the city's clock
-- column: to_time | | the end by the city's clock
-- column: active_min | min | five-minute steps in which it was active
-- column: mean_queue_km | km | unbroken stretches below queue_kmh upstream, mean over those steps
-- column: max_queue_km | km | the longest
-- column: delay_veh_h | veh h | sum of l q (1/v - 1/v_ref) over the queue; NULL without flow
-- column: lost_min_per_veh | min | what one vehicle loses in the whole queue, mean over those steps
-- column: least_speed_kmh | km/h | slowest five minutes at the upstream site
-- column: incidents | | imported incidents and roadworks on the queue or 1.6 km around it, in that time or the hour before
-- column: incident_names | | their names
-- caveat: Sustained means active in at least 5 of 7 consecutive five-minute steps; what passes faster, as a moving jam does, is none.
-- caveat: Without flow, delay is per vehicle.
SELECT corridor_id, site_id AS upstream_site, downstream_site, km, city_time(from_at)::DATE AS date, from_at, to_at,
  strftime(city_time(from_at), '%H:%M') AS from_time, strftime(city_time(to_at), '%H:%M') AS to_time,
  active_s / 60 AS active_min, mean_queue_km, max_queue_km, delay_veh_h, mean_lost_min AS lost_min_per_veh,
  least_kmh AS least_speed_kmh, coalesce(incidents, 0) AS incidents, incident_names
FROM bottleneck_episodes
ORDER BY from_at, corridor_id, position
