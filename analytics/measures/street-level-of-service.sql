-- title: Level of service of streets
-- question: How fast is travel on each street at each hour against its free flow, from A to F?
-- version: 1
-- source: HCM 6, chapter 16: travel speed / base free-flow speed; A over 80 %, B 67, C 50, D 40, E 30, F below
-- needs: speed, free-flow
-- parameter: days | varchar | weekdays | one of all, weekdays, school-days, weekends, holidays, events | days of the city's calendar
-- parameter: freeway_kmh | double | 90 | | see bottleneck-episodes
-- parameter: free_flow_rule | varchar | auto | one of auto, night, low-occupancy | see free-flow-speed
-- parameter: free_flow_samples | integer | 12 | | see free-flow-speed
-- parameter: low_occupancy | double | 0.05 | | see free-flow-speed
-- column: site_id | | the site
-- column: site_name | | as at the end of the period
-- column: direction | | as sent; '' is the site's own
-- column: hour | h | of the city's clock
-- column: level | | A to F
-- column: speed_share | | travel speed / free-flow speed
-- column: speed_kmh | km/h | space-mean over the days
-- column: free_flow_kmh | km/h | the site's own
-- column: days | | local dates in the figure
-- caveat: Spot speeds stand for travel speeds: time lost at signals between detectors is not in them.
-- caveat: The measured free-flow speed stands for the base free-flow speed.
WITH hours AS (
  SELECT site_id, direction, hour(local_at) AS hour,
    speed_kmh(sum(pace_micro_s), sum(pace_count), sum(speed_milli_s), sum(speed_s)) AS speed_kmh,
    count(DISTINCT local_at::DATE) AS days
  FROM site_windows
  WHERE window_s <= 3600 AND on_days(day_type, getvariable('days')) AND speed_kmh IS NOT NULL
  GROUP BY ALL
), shares AS (
  SELECT h.*, ff.free_flow_kmh, h.speed_kmh / ff.free_flow_kmh AS share
  FROM hours h JOIN site_free_flow ff USING (site_id, direction)
  WHERE ff.free_flow_kmh < getvariable('freeway_kmh')
)
SELECT s.site_id, f.name AS site_name, s.direction, s.hour::SMALLINT AS hour,
  CASE WHEN share > 0.8 THEN 'A' WHEN share > 0.67 THEN 'B' WHEN share > 0.5 THEN 'C' WHEN share > 0.4 THEN 'D'
    WHEN share > 0.3 THEN 'E' ELSE 'F' END AS level,
  share AS speed_share, speed_kmh, free_flow_kmh, days
FROM shares s LEFT JOIN site_facts f USING (site_id)
ORDER BY s.site_id, s.direction, s.hour
