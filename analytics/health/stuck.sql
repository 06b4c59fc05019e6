-- Values that stand still. PeMS: occupancies that differ by less than 1e-5 together over 48 five-minute rows. Beside it,
-- rows that repeat the one before exactly, in every value they hold: how unlikely so long a run is follows from chance
-- (two Poisson counts of mean m are equal with probability 1 / (2 sqrt(pi m))), `surprise` is its negative logarithm.
-- Rows of nothing (no vehicle, no occupancy) are no evidence here.
CREATE OR REPLACE TEMP TABLE health_stuck AS
WITH repeats AS (
  -- Of rows on end, the row's number less its place among them is the same.
  SELECT detector, start_at, window_s, count, occupancy, speed_kmh,
    epoch(start_at)::BIGINT - window_s * row_number() OVER (PARTITION BY detector, window_s ORDER BY start_at) AS run
  FROM health_windows
  WHERE same_as_before AND gap_before_s = 0 AND (count > 0 OR occupancy > 0 OR speed_kmh > 0)
), runs AS (
  SELECT detector, count(*) AS repeats, (count(*) + 1) * any_value(window_s) AS run_s,
    min(start_at) - to_seconds(any_value(window_s)) AS run_from,
    count(*) * (CASE WHEN any_value(count) > 0 THEN ln(2 * sqrt(pi() * any_value(count))) ELSE 0 END
      + CASE WHEN any_value(occupancy) > 0 THEN 2 ELSE 0 END + CASE WHEN any_value(speed_kmh) > 0 THEN 1.5 ELSE 0 END)
      AS surprise
  FROM repeats GROUP BY detector, window_s, run
), still AS (
  SELECT detector, occupancy_step,
    epoch(start_at)::BIGINT - window_s * row_number() OVER (PARTITION BY detector, window_s ORDER BY start_at) AS run
  FROM health_windows WHERE occupancy_step < 1e-5 AND occupancy > 0 AND gap_before_s = 0 AND window_s = 300
), constant AS (
  SELECT DISTINCT detector FROM (
    SELECT detector FROM still GROUP BY detector, run HAVING count(*) >= 47 AND sum(occupancy_step) < 1e-5
  )
), worst AS (
  SELECT detector, arg_min(run_s, (-surprise, run_from)) AS longest_run_s, arg_min(run_from, (-surprise, run_from)) AS run_from,
    max(surprise) AS surprise
  FROM runs GROUP BY detector
)
SELECT detector, longest_run_s, run_from, surprise, constant.detector IS NOT NULL AS constant_occupancy
FROM worst FULL JOIN constant USING (detector);

INSERT INTO health_failures
SELECT detector, 'stuck',
  CASE WHEN surprise >= 25 AND longest_run_s >= 3600
    THEN printf('the same values for %.1f h from %s', longest_run_s / 3600, strftime(city_time(run_from), '%H:%M'))
    ELSE 'occupancy did not move for 48 rows' END
FROM health_stuck WHERE (surprise >= 25 AND longest_run_s >= 3600) OR constant_occupancy;
