-- Stops along their patterns are known now (pattern_stops): times that the feed leaves out are filled in by distance.

CREATE TEMP TABLE timed_calls AS
  WITH along AS (
    SELECT c.trip_id, c.stop_id, c.position, c.stop_sequence, c.arrival_s, c.departure_s, c.timepoint, p.along_m
    FROM calls c JOIN base_trips b USING (trip_id)
    JOIN pattern_stops p ON p.pattern_id = b.pattern_id AND p.position = c.position
  ), untimed AS (
    SELECT DISTINCT trip_id FROM along WHERE arrival_s IS NULL
  ), between AS (
    SELECT *, last_value(departure_s IGNORE NULLS) OVER before AS before_s,
      last_value(CASE WHEN departure_s IS NOT NULL THEN along_m END IGNORE NULLS) OVER before AS before_m,
      first_value(arrival_s IGNORE NULLS) OVER after AS after_s,
      first_value(CASE WHEN arrival_s IS NOT NULL THEN along_m END IGNORE NULLS) OVER after AS after_m
    FROM along SEMI JOIN untimed USING (trip_id)
    WINDOW before AS (PARTITION BY trip_id ORDER BY position),
      after AS (PARTITION BY trip_id ORDER BY position ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
  ), filled AS (
    SELECT *, CASE WHEN before_s IS NOT NULL AND after_s IS NOT NULL
      THEN round(before_s + (after_s - before_s) * CASE WHEN after_m > before_m THEN (along_m - before_m) / (after_m - before_m) ELSE 0 END)::INTEGER
      END AS filled_s
    FROM between
  )
  SELECT trip_id, stop_id, position, stop_sequence, arrival_s, coalesce(departure_s, arrival_s) AS departure_s, timepoint,
    false AS interpolated, along_m
  FROM along ANTI JOIN untimed USING (trip_id)
  UNION ALL
  SELECT trip_id, stop_id, position, stop_sequence, coalesce(arrival_s, filled_s), coalesce(departure_s, arrival_s, filled_s),
    timepoint AND arrival_s IS NOT NULL, arrival_s IS NULL, along_m
  FROM filled;

CREATE TEMP TABLE trip_spans AS
  SELECT trip_id, min(departure_s) AS start_s, max(arrival_s) AS end_s FROM timed_calls GROUP BY trip_id;

-- A trip of frequencies.txt runs again and again: each run is a trip of its own, its times those of the template shifted.
CREATE TEMP TABLE trips AS
  WITH runs AS (
    SELECT f.trip_id, unnest(range(gtfs_seconds(start_time), gtfs_seconds(end_time), try_cast(headway_secs AS INTEGER)))::INTEGER AS run_s,
      coalesce(exact_times, '0') = '1' AS exact
    FROM raw_frequencies f WHERE try_cast(headway_secs AS INTEGER) >= 10
  )
  SELECT t.* EXCLUDE (stop_ids, trip_id), t.trip_id, t.trip_id AS times_id, 0 AS shift_s, 'timetable' AS timing, s.start_s, s.end_s
  FROM base_trips t JOIN trip_spans s USING (trip_id) ANTI JOIN runs USING (trip_id)
  UNION ALL BY NAME
  SELECT t.* EXCLUDE (stop_ids, trip_id), concat(t.trip_id, '@', printf('%02d:%02d:%02d', run_s // 3600, run_s // 60 % 60, run_s % 60)) AS trip_id,
    t.trip_id AS times_id, run_s - s.start_s AS shift_s, CASE WHEN exact THEN 'timetable' ELSE 'headway' END AS timing,
    run_s AS start_s, run_s + s.end_s - s.start_s AS end_s
  FROM base_trips t JOIN trip_spans s USING (trip_id) JOIN runs USING (trip_id);
