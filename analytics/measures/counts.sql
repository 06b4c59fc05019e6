-- title: Counts
-- question: What was counted, by site or device, lane and window?
-- version: 1
-- source: Headway windows; the sum of what was counted and the seconds it covers
-- needs: flow when kind=traffic-flow, actuations when kind=signal-event
-- parameter: by | varchar | site | one of site, device | what a row stands for, beside lane and window
-- parameter: kind | varchar | traffic-flow | one of traffic-flow, signal-event | vehicles, or actuations per channel of a signal controller
-- parameter: bin_minutes | integer | none | one of 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 720, 1440 | length of a bin by the city's clock; none: windows as they are
-- column: start_at | | start of the window or bin
-- column: local_time | | the same by the city's clock
-- column: site_id | | the site
-- column: device_id | | NULL by site
-- column: direction | | as sent; '' is the site's own
-- column: lane | | 0 is all lanes together; of a signal controller, the detector channel
-- column: counted | | vehicles, or actuations per channel
-- column: count | vehicles or actuations | as counted: what was not observed is not added
-- column: count_s | s | observed time; 0 for actuations, which have none
-- column: flow_veh_h | veh/h | count / observed time; by site the sum over its devices on the lane; NULL for actuations
-- column: devices | | devices in the figure
-- caveat: An actuation is a detector switching on: several vehicles may make one, and one may make several.
-- caveat: A window longer than the bin stands whole in the bin of its start; count_s tells.
WITH asked AS (
  SELECT *, CASE WHEN getvariable('bin_minutes') IS NULL THEN start_at
                 ELSE bin_start(start_at, getvariable('bin_minutes')) END AS bin_at
  FROM windows
  WHERE kind = getvariable('kind') AND start_at >= asked_from() AND start_at < asked_to() AND asked_site(site_id)
    AND count IS NOT NULL
), by_device AS (
  SELECT bin_at, site_id, device_id, direction, lane, sum(count)::BIGINT AS count, sum(count_s)::BIGINT AS count_s
  FROM asked
  GROUP BY ALL
)
SELECT bin_at AS start_at, city_time(bin_at) AS local_time, site_id,
  CASE getvariable('by') WHEN 'device' THEN device_id END AS device_id, direction, lane,
  CASE getvariable('kind') WHEN 'signal-event' THEN 'actuations per channel' ELSE 'vehicles' END AS counted,
  sum(count)::BIGINT AS count, sum(count_s)::BIGINT AS count_s, sum(flow_veh_h(count, count_s)) AS flow_veh_h,
  count(*) AS devices
FROM by_device
GROUP BY ALL
ORDER BY start_at, site_id, device_id, direction, lane
