-- How much of what each detector owed came, and its longest silence within the day.
CREATE OR REPLACE TEMP TABLE health_silence AS
WITH gaps AS (
  SELECT detector, make_timestamptz((epoch_us(start_at) - gap_before_s::BIGINT * 1000000)) AS from_at, start_at AS to_at,
    gap_before_s AS gap_s
  FROM health_windows WHERE gap_before_s > 0
  UNION ALL
  SELECT d.detector, coalesce(last_at, d.owed_from), d.owed_to,
    epoch(d.owed_to) - epoch(coalesce(last_at, d.owed_from))
  FROM health_detectors d
  LEFT JOIN (
    SELECT detector, make_timestamptz(max(epoch_us(start_at) + window_s::BIGINT * 1000000)) AS last_at
    FROM health_windows GROUP BY detector
  ) w USING (detector)
  WHERE d.expected_s > 0
), longest AS (
  SELECT detector, greatest(max(gap_s), 0)::BIGINT AS longest_gap_s, arg_min(from_at, (-gap_s, from_at)) AS gap_from,
    arg_min(to_at, (-gap_s, from_at)) AS gap_to
  FROM gaps GROUP BY detector
), observed AS (
  SELECT detector, sum(least(observed_s, window_s))::BIGINT AS observed_s, count(*) AS windows
  FROM health_windows GROUP BY detector
)
SELECT d.detector, coalesce(o.observed_s, 0) AS observed_s, coalesce(o.windows, 0) AS windows,
  least(coalesce(o.observed_s, 0) / d.expected_s, 1) AS observed_share,
  coalesce(l.longest_gap_s, 0) AS longest_gap_s, l.gap_from, l.gap_to,
  coalesce(l.longest_gap_s, 0) / d.expected_s AS gap_share
FROM health_detectors d LEFT JOIN observed o USING (detector) LEFT JOIN longest l USING (detector);

INSERT INTO health_failures
SELECT detector,
  CASE WHEN observed_share <= 0.6 AND gap_share >= 0.5 * (1 - observed_share) THEN 'silent'
       WHEN observed_share <= 0.6 THEN 'incomplete'
       WHEN longest_gap_s >= 3600 AND gap_share >= 0.5 * (1 - observed_share) THEN 'interrupted'
       ELSE 'losing' END,
  CASE WHEN longest_gap_s >= 3600 AND gap_share >= 0.5 * (1 - observed_share)
    THEN printf('nothing from %s to %s', strftime(city_time(gap_from), '%H:%M'),
      CASE WHEN gap_to >= asked_to() THEN '24:00' ELSE strftime(city_time(gap_to), '%H:%M') END)
    ELSE printf('%.0f %% of the samples came', 100 * observed_share) END
FROM health_silence JOIN health_detectors USING (detector)
WHERE expected_s > 0 AND observed_share < 0.95;
