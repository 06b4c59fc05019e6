-- One good day before (variable past_date): adds to the sums of the pairs and to the targets' own history.
CREATE OR REPLACE TEMP TABLE impute_past AS
WITH moments AS (
  SELECT start_at, epoch(start_at)::BIGINT AS start_s, bin_minute(city_time(start_at), 5) AS minute
  FROM (
    SELECT DISTINCT start_at FROM windows
    WHERE start_at >= city_moment(getvariable('past_date')::DATE)
      AND start_at < city_moment(getvariable('past_date')::DATE + 1)
  )
)
SELECT d.detector, m.start_s, m.minute, g.of_fit,
  flow_veh_h(w.count, w.count_s)::FLOAT AS flow_veh_h,
  occupancy_share(w.occupancy_micro_s, w.occupancy_s)::FLOAT AS occupancy,
  speed_kmh(w.pace_micro_s, w.pace_count, w.speed_milli_s, w.speed_s)::FLOAT AS speed_kmh
FROM windows w JOIN impute_detectors d USING (device_id, site_id, direction, lane)
JOIN impute_good_days g ON g.detector = d.detector AND g.date = getvariable('past_date')::DATE
JOIN moments m ON m.start_at = w.start_at
WHERE w.kind = 'traffic-flow' AND w.window_s = d.window_s AND w.observed_s > 0
  AND w.start_at >= city_moment(getvariable('past_date')::DATE)
  AND w.start_at < city_moment(getvariable('past_date')::DATE + 1);

INSERT INTO impute_past
SELECT CASE WHEN d.freeway THEN -1 ELSE -2 END, start_s, any_value(minute), true,
  avg(flow_veh_h / d.lanes), avg(occupancy), avg(speed_kmh)
FROM impute_past JOIN impute_detectors d USING (detector) GROUP BY d.freeway, start_s;

INSERT INTO impute_sums
SELECT p.detector, p.donor,
  {'n': count(*) FILTER (o.flow_veh_h IS NOT NULL AND t.flow_veh_h IS NOT NULL), 'x': sum(o.flow_veh_h::DOUBLE) FILTER (o.flow_veh_h IS NOT NULL AND t.flow_veh_h IS NOT NULL), 'y': sum(t.flow_veh_h::DOUBLE) FILTER (o.flow_veh_h IS NOT NULL AND t.flow_veh_h IS NOT NULL), 'xx': sum(o.flow_veh_h::DOUBLE * o.flow_veh_h::DOUBLE) FILTER (o.flow_veh_h IS NOT NULL AND t.flow_veh_h IS NOT NULL),
    'xy': sum(o.flow_veh_h::DOUBLE * t.flow_veh_h::DOUBLE) FILTER (o.flow_veh_h IS NOT NULL AND t.flow_veh_h IS NOT NULL),
    'yy': sum(t.flow_veh_h::DOUBLE * t.flow_veh_h::DOUBLE) FILTER (o.flow_veh_h IS NOT NULL AND t.flow_veh_h IS NOT NULL)},
  {'n': count(*) FILTER (o.occupancy IS NOT NULL AND t.occupancy IS NOT NULL), 'x': sum(o.occupancy::DOUBLE) FILTER (o.occupancy IS NOT NULL AND t.occupancy IS NOT NULL), 'y': sum(t.occupancy::DOUBLE) FILTER (o.occupancy IS NOT NULL AND t.occupancy IS NOT NULL), 'xx': sum(o.occupancy::DOUBLE * o.occupancy::DOUBLE) FILTER (o.occupancy IS NOT NULL AND t.occupancy IS NOT NULL),
    'xy': sum(o.occupancy::DOUBLE * t.occupancy::DOUBLE) FILTER (o.occupancy IS NOT NULL AND t.occupancy IS NOT NULL),
    'yy': sum(t.occupancy::DOUBLE * t.occupancy::DOUBLE) FILTER (o.occupancy IS NOT NULL AND t.occupancy IS NOT NULL)},
  {'n': count(*) FILTER (o.speed_kmh IS NOT NULL AND t.speed_kmh IS NOT NULL), 'x': sum(o.speed_kmh::DOUBLE) FILTER (o.speed_kmh IS NOT NULL AND t.speed_kmh IS NOT NULL), 'y': sum(t.speed_kmh::DOUBLE) FILTER (o.speed_kmh IS NOT NULL AND t.speed_kmh IS NOT NULL), 'xx': sum(o.speed_kmh::DOUBLE * o.speed_kmh::DOUBLE) FILTER (o.speed_kmh IS NOT NULL AND t.speed_kmh IS NOT NULL),
    'xy': sum(o.speed_kmh::DOUBLE * t.speed_kmh::DOUBLE) FILTER (o.speed_kmh IS NOT NULL AND t.speed_kmh IS NOT NULL),
    'yy': sum(t.speed_kmh::DOUBLE * t.speed_kmh::DOUBLE) FILTER (o.speed_kmh IS NOT NULL AND t.speed_kmh IS NOT NULL)}
FROM impute_past t
JOIN impute_pairs p ON p.detector = t.detector
JOIN impute_past o ON o.detector = p.donor AND o.start_s = t.start_s
WHERE t.of_fit
GROUP BY p.detector, p.donor;

INSERT INTO impute_own
SELECT detector, minute, isodow(getvariable('past_date')::DATE) = isodow(getvariable('health_date')::DATE), flow_veh_h,
  occupancy, speed_kmh
FROM impute_past
WHERE detector IN (SELECT detector FROM impute_targets)
  AND greatest(isodow(getvariable('past_date')::DATE), 5) = greatest(isodow(getvariable('health_date')::DATE), 5);
