-- title: Peak hour
-- question: When is each site busiest, how busy, and how even is the hour?
-- version: 2
-- source: worst four consecutive quarters; PHF = V60 / (4 max V15) (HCM 6, chapter 4)
-- needs: hourly-flow
-- parameter: days | varchar | weekdays | one of all, weekdays, school-days, weekends, holidays, events | days of the city's calendar
-- parameter: complete_share | double | 0.95 | | a quarter of a single day counts when every lane was observed for this share of it
-- column: site_id | | the site
-- column: site_name | | as at the end of the period
-- column: direction | | as sent; '' is the site's own
-- column: part_of_day | | am or pm: the half of the day in which the hour begins
-- column: peak_start | | start of the busiest hour of the mean day, by the city's clock
-- column: peak_flow_veh_h | veh/h | mean flow in that hour, summed over the lanes observed
-- column: days | | local dates in the mean day
-- column: highest_at | | start of the busiest single hour
-- column: highest_veh | veh | vehicles counted in it
-- column: peak_hour_factor | | of that single hour; NULL where readings are longer than 15 minutes
-- column: resolution_min | min | length of the bins: 15, or 60 where readings are longer
-- column: lanes_observed | | lanes in the mean day's figure
-- column: lanes_expected | | lanes there are; where more than observed, the flow is of the lanes observed only
-- caveat: The busiest single hour of a short period is no design hour (the 30th of a year).
WITH bins AS (
  SELECT site_id, direction, CASE WHEN max(longest_count_s) <= 900 THEN 15 ELSE 60 END AS bin_minutes
  FROM device_day_parts WHERE kind = 'traffic-flow' AND longest_count_s IS NOT NULL
  GROUP BY site_id, direction
), in_quarters AS (
  SELECT site_id, direction FROM bins WHERE bin_minutes = 15 AND rolled_quarters()
), counted AS (
  -- Sites in quarters answer from roll-ups, where there are any.
  SELECT w.site_id, w.direction, w.lane, w.stream, w.local_at, w.count, least(w.count_s, w.window_s) AS count_s,
    r.bin_minutes, bin_start(w.start_at, r.bin_minutes) AS bin_at
  FROM stream_windows w JOIN bins r USING (site_id, direction)
  WHERE w.count_s > 0 AND w.window_s <= 3600 AND on_days(w.day_type, getvariable('days'))
    AND (NOT rolled_quarters() OR any_coarse() AND r.bin_minutes > 15)
), mean_streams AS (
  SELECT site_id, direction, lane, stream, bin_minutes, bin_minute(local_at, bin_minutes) AS bin,
    flow_veh_h(sum(count), sum(count_s)) AS flow_veh_h, count(DISTINCT local_at::DATE) AS days
  FROM counted
  GROUP BY ALL
  UNION ALL
  SELECT site_id, direction, lane, coalesce(s.stream, device_id), 15, bin, flow_veh_h(sum(count), sum(count_s)), sum(days)::BIGINT
  FROM rolled_mean_quarters SEMI JOIN in_quarters USING (site_id, direction) LEFT JOIN device_streams s USING (device_id, site_id)
  WHERE count_s > 0 AND rolled_quarters()
  GROUP BY ALL
), mean_bins AS (
  SELECT site_id, direction, bin_minutes, bin, sum(flow_veh_h) AS flow_veh_h, count(*) AS lanes, max(days) AS days
  FROM mean_streams
  GROUP BY ALL
), mean_hours AS (
  SELECT *, avg(flow_veh_h) OVER hour AS hour_flow, min(lanes) OVER hour AS hour_lanes, min(days) OVER hour AS hour_days,
    count(*) OVER hour * bin_minutes = 60 AS whole
  FROM mean_bins
  WINDOW hour AS (PARTITION BY site_id, direction ORDER BY bin RANGE BETWEEN CURRENT ROW AND 59 FOLLOWING)
), mean_peaks AS (
  SELECT site_id, direction, CASE WHEN bin < 720 THEN 'am' ELSE 'pm' END AS part_of_day, bin, hour_flow, hour_lanes,
    hour_days, bin_minutes
  FROM mean_hours
  WHERE whole
  QUALIFY row_number() OVER (PARTITION BY site_id, direction, bin < 720 ORDER BY hour_flow DESC, bin) = 1
), single_streams AS (
  SELECT site_id, direction, lane, stream, bin_minutes, bin_at, sum(count) AS count,
    sum(count_s) >= getvariable('complete_share') * bin_minutes * 60 AS complete
  FROM counted
  GROUP BY site_id, direction, lane, stream, bin_minutes, bin_at
), single_bins AS (
  SELECT s.site_id, s.direction, s.bin_minutes, s.bin_at, sum(s.count) AS count
  FROM single_streams s JOIN site_streams e USING (site_id, direction)
  WHERE s.complete
  GROUP BY s.site_id, s.direction, s.bin_minutes, s.bin_at
  HAVING count(*) >= any_value(e.streams_expected)
), single_hours AS (
  SELECT *, sum(count) OVER hour AS hour_count, max(count) OVER hour AS most, count(*) OVER hour * bin_minutes = 60 AS whole
  FROM single_bins
  WINDOW hour AS (PARTITION BY site_id, direction ORDER BY bin_at
    RANGE BETWEEN CURRENT ROW AND INTERVAL 59 minutes FOLLOWING)
), asked_dates AS (
  SELECT date FROM (
    SELECT date, day_type(date) AS day_type FROM (SELECT date FROM rolled_day_peaks UNION SELECT last_date FROM rolled_day_peaks)
    WHERE date >= asked_first_date() AND date <= asked_last_date()
  )
  WHERE on_days(day_type, getvariable('days'))
), hours AS (
  SELECT site_id, direction, hour(city_time(bin_at)) < 12 AS before_noon, bin_at, bin_minutes, hour_count, most
  FROM single_hours WHERE whole
  UNION ALL
  SELECT site_id, direction, before_noon, make_timestamptz(quarter * 900000000), 15, hour_count, most
  FROM rolled_day_peaks p JOIN site_streams e USING (site_id, direction) SEMI JOIN in_quarters USING (site_id, direction)
  WHERE rolled_quarters() AND p.streams >= e.streams_expected
    AND p.date IN (FROM asked_dates) AND p.last_date IN (FROM asked_dates)
), single_peaks AS (
  -- The earlier of two that are as busy.
  SELECT site_id, direction, CASE WHEN before_noon THEN 'am' ELSE 'pm' END AS part_of_day, peak.bin_at,
    peak.hour_count, CASE WHEN peak.bin_minutes = 15 AND peak.most > 0 THEN peak.hour_count / (4 * peak.most) END AS peak_hour_factor
  FROM (
    SELECT site_id, direction, before_noon, arg_max(struct_pack(bin_at, bin_minutes, hour_count, most),
      (hour_count::HUGEINT << 64) - epoch_us(bin_at)) AS peak
    FROM hours GROUP BY site_id, direction, before_noon
  )
)
SELECT m.site_id, f.name AS site_name, m.direction, m.part_of_day, clock_text(m.bin) AS peak_start,
  m.hour_flow AS peak_flow_veh_h, m.hour_days AS days, s.bin_at AS highest_at, s.hour_count::BIGINT AS highest_veh,
  s.peak_hour_factor, m.bin_minutes::SMALLINT AS resolution_min, m.hour_lanes AS lanes_observed, e.lanes_expected
FROM mean_peaks m
LEFT JOIN single_peaks s USING (site_id, direction, part_of_day)
LEFT JOIN site_streams e ON e.site_id = m.site_id AND e.direction = m.direction
LEFT JOIN site_facts f ON f.site_id = m.site_id
ORDER BY m.site_id, m.direction, m.part_of_day
