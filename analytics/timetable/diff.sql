-- What a later version of a timetable changes. Variables: version_a, version_b ('FEED/VERSION'). Trip ids are often made anew
-- with every version, so service is compared by route, direction and kind of day: trips a day, and the first and last of them.
WITH route_rows AS (
  SELECT 'route' AS what, coalesce(a.route_id, b.route_id) AS id,
    CASE WHEN a.route_id IS NULL THEN 'added' WHEN b.route_id IS NULL THEN 'removed' ELSE 'changed' END AS change,
    CASE WHEN a.route_id IS NULL THEN concat_ws(' ', b.short_name, b.long_name)
      WHEN b.route_id IS NULL THEN concat_ws(' ', a.short_name, a.long_name)
      ELSE concat_ws(' ', a.short_name, a.long_name) || ' -> ' || concat_ws(' ', b.short_name, b.long_name) END AS detail
  FROM (FROM timetable_routes WHERE timetable = getvariable('version_a')) a
  FULL JOIN (FROM timetable_routes WHERE timetable = getvariable('version_b')) b USING (route_id)
  WHERE (a.short_name, a.long_name, a.route_type, a.route_id) IS DISTINCT FROM (b.short_name, b.long_name, b.route_type, b.route_id)
), both_stops AS (
  SELECT coalesce(a.stop_id, b.stop_id) AS id, a.name AS a_name, b.name AS b_name, a.stop_id IS NULL AS added,
    b.stop_id IS NULL AS removed, 111195 * sqrt((a.lat - b.lat) ** 2 + ((a.lon - b.lon) * cos(radians(a.lat))) ** 2) AS moved_m
  FROM (FROM timetable_stops WHERE timetable = getvariable('version_a')) a
  FULL JOIN (FROM timetable_stops WHERE timetable = getvariable('version_b')) b USING (stop_id)
), stop_rows AS (
  SELECT 'stop' AS what, id,
    CASE WHEN added THEN 'added' WHEN removed THEN 'removed' WHEN moved_m > 10 THEN 'moved' ELSE 'renamed' END AS change,
    CASE WHEN added THEN b_name WHEN removed THEN a_name WHEN moved_m > 10 THEN concat(b_name, ', ', round(moved_m)::INTEGER, ' m')
      ELSE concat(a_name, ' -> ', b_name) END AS detail
  FROM both_stops WHERE added OR removed OR moved_m > 10 OR a_name IS DISTINCT FROM b_name
), day_counts AS (
  SELECT t.timetable, t.route_id, coalesce(t.direction_id, 0) AS direction_id, weekday_type(d.date) AS day_type, d.date,
    count(*) AS trips, min(t.start_s) AS first_s, max(t.start_s) AS last_s
  FROM timetable_trips t JOIN timetable_service_dates d USING (timetable, service_id)
  WHERE t.timetable IN (getvariable('version_a'), getvariable('version_b'))
  GROUP BY ALL
), typical AS (
  SELECT timetable, route_id, direction_id, day_type, median(trips)::INTEGER AS trips, median(first_s)::INTEGER AS first_s,
    median(last_s)::INTEGER AS last_s
  FROM day_counts GROUP BY ALL
), service_rows AS (
  SELECT 'service' AS what, concat_ws(' ', route_id, direction_id, day_type) AS id,
    CASE WHEN a.trips IS NULL THEN 'added' WHEN b.trips IS NULL THEN 'removed' ELSE 'changed' END AS change,
    concat(coalesce(a.trips, 0), ' -> ', coalesce(b.trips, 0), ' trips a day, ', coalesce(clock_text(a.first_s // 60) || '-' || clock_text(a.last_s // 60), 'none'), ' -> ', coalesce(clock_text(b.first_s // 60) || '-' || clock_text(b.last_s // 60), 'none')) AS detail
  FROM (FROM typical WHERE timetable = getvariable('version_a')) a
  FULL JOIN (FROM typical WHERE timetable = getvariable('version_b')) b USING (route_id, direction_id, day_type)
  WHERE (a.trips, a.first_s, a.last_s) IS DISTINCT FROM (b.trips, b.first_s, b.last_s)
)
SELECT * FROM (FROM route_rows UNION ALL FROM stop_rows UNION ALL FROM service_rows)
ORDER BY CASE what WHEN 'route' THEN 1 WHEN 'service' THEN 2 ELSE 3 END, change, id
