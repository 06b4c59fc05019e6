-- question: Is the hourly roll-up the sum of its windows?
-- source: docs/lake.md, table `hourly`; windows longer than an hour belong to no hour

-- [examined]
SELECT count(*) FROM hourly;

-- [differences]
WITH summed AS (
  SELECT kind, site_id, direction, lane::INTEGER AS lane, audit_hour(start_at) AS hour, count(*)::BIGINT AS windows,
    sum(readings)::BIGINT AS readings, sum(observed_s)::BIGINT AS observed_s, sum(count)::BIGINT AS count,
    sum(count_s)::BIGINT AS count_s, sum(occupancy_micro_s)::BIGINT AS occupancy_micro_s, sum(occupancy_s)::BIGINT AS occupancy_s,
    sum(pace_micro_s)::BIGINT AS pace_micro_s, sum(pace_count)::BIGINT AS pace_count, sum(speed_milli_s)::BIGINT AS speed_milli_s,
    sum(speed_s)::BIGINT AS speed_s, sum(expected_s)::BIGINT AS expected_s
  FROM windows WHERE window_s <= 3600 GROUP BY ALL
), stored AS (
  SELECT kind, site_id, direction, lane::INTEGER AS lane, audit_hour(hour_at) AS hour,
    windows, readings, observed_s, count, count_s, occupancy_micro_s,
    occupancy_s, pace_micro_s, pace_count, speed_milli_s, speed_s, expected_s
  FROM hourly
), unlike AS (
  SELECT coalesce(w.kind, h.kind) AS kind, coalesce(w.site_id, h.site_id) AS site_id,
    coalesce(w.direction, h.direction) AS direction, coalesce(w.lane, h.lane) AS lane, coalesce(w.hour, h.hour) AS hour,
    list_filter([
      {figure: 'windows', expected: w.windows::VARCHAR, found: h.windows::VARCHAR},
      {figure: 'readings', expected: w.readings::VARCHAR, found: h.readings::VARCHAR},
      {figure: 'observed_s', expected: w.observed_s::VARCHAR, found: h.observed_s::VARCHAR},
      {figure: 'count', expected: w.count::VARCHAR, found: h.count::VARCHAR},
      {figure: 'count_s', expected: w.count_s::VARCHAR, found: h.count_s::VARCHAR},
      {figure: 'occupancy_micro_s', expected: w.occupancy_micro_s::VARCHAR, found: h.occupancy_micro_s::VARCHAR},
      {figure: 'occupancy_s', expected: w.occupancy_s::VARCHAR, found: h.occupancy_s::VARCHAR},
      {figure: 'pace_micro_s', expected: w.pace_micro_s::VARCHAR, found: h.pace_micro_s::VARCHAR},
      {figure: 'pace_count', expected: w.pace_count::VARCHAR, found: h.pace_count::VARCHAR},
      {figure: 'speed_milli_s', expected: w.speed_milli_s::VARCHAR, found: h.speed_milli_s::VARCHAR},
      {figure: 'speed_s', expected: w.speed_s::VARCHAR, found: h.speed_s::VARCHAR},
      {figure: 'expected_s', expected: w.expected_s::VARCHAR, found: h.expected_s::VARCHAR}
    ], lambda f: f.expected IS DISTINCT FROM f.found) AS figures
  FROM summed w FULL JOIN stored h USING (kind, site_id, direction, lane, hour)
  WHERE (w.windows, w.readings, w.observed_s, w.count, w.count_s, w.occupancy_micro_s, w.occupancy_s, w.pace_micro_s, w.pace_count, w.speed_milli_s, w.speed_s, w.expected_s)
    IS DISTINCT FROM (h.windows, h.readings, h.observed_s, h.count, h.count_s, h.occupancy_micro_s, h.occupancy_s, h.pace_micro_s, h.pace_count, h.speed_milli_s, h.speed_s, h.expected_s)
)
SELECT concat_ws(' ', kind, 'at', site_id, nullif(direction, ''), 'lane ' || nullif(lane, 0),
    audit_hour_at(hour)::VARCHAR) AS thing,
  figure.figure AS problem, figure.expected AS expected, figure.found AS found
FROM (SELECT * EXCLUDE (figures), unnest(figures) AS figure FROM unlike);
