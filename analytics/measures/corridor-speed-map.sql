-- title: Corridor speed map
-- question: Where along the corridor and when is traffic slow?
-- version: 2
-- source: time-space diagram of interval mean speeds
-- needs: corridor, speed
-- parameter: by | varchar | date | one of date, time-of-day | date: each day by itself; time-of-day: the days together
-- parameter: bin_minutes | integer | 5 | one of 5, 10, 15, 20, 30, 60 | length of a bin
-- parameter: days | varchar | all | one of all, weekdays, school-days, weekends, holidays, events | days of the city's calendar
-- column: start_at | | start of the bin; NULL by time-of-day
-- column: date | | local date; NULL by time-of-day
-- column: time_of_day | | start of the bin by the city's clock
-- column: position | | of the stretch in driving order, from 1
-- column: site_id | | the site that speaks for the stretch
-- column: site_name | | as at the end of the period
-- column: from_km | km | start of the stretch, from the first site
-- column: to_km | km | end of the stretch
-- column: speed_kmh | km/h | vehicles: harmonic, weighted by vehicles; time: arithmetic, weighted by seconds
-- column: speed_basis | | vehicles or time
-- column: steps | | five-minute steps with a speed in the figure
-- caveat: A cell without a speed has no row: it is not filled from its neighbours.
WITH steps AS (
  SELECT position, step_at, local_at, pace_micro_s, pace_count, speed_milli_s, speed_s
  FROM corridor_steps JOIN (
    SELECT step, make_timestamptz(step * 300000000) AS step_at, city_time(make_timestamptz(step * 300000000)) AS local_at
    FROM (SELECT DISTINCT step FROM corridor_steps)
  ) USING (step)
), asked AS (
  SELECT *, bin_minute(local_at, getvariable('bin_minutes')) AS bin,
    CASE getvariable('by') WHEN 'date' THEN bin_start(step_at, getvariable('bin_minutes')) END AS start_at
  FROM steps
  WHERE step_at >= asked_from() AND step_at < asked_to() AND on_days(day_type(local_at), getvariable('days'))
), cells AS (
  SELECT start_at, bin, position, sum(pace_micro_s) AS pace_micro_s, sum(pace_count) AS pace_count,
    sum(speed_milli_s) AS speed_milli_s, sum(speed_s) AS speed_s, count(*) AS steps
  FROM asked
  GROUP BY ALL
)
SELECT c.start_at, city_time(c.start_at)::DATE AS date, clock_text(c.bin) AS time_of_day, s.position, s.site_id,
  f.name AS site_name, s.from_km, s.to_km,
  speed_kmh(c.pace_micro_s, c.pace_count, c.speed_milli_s, c.speed_s) AS speed_kmh,
  speed_basis(c.pace_count, c.speed_s) AS speed_basis, c.steps
FROM cells c
JOIN corridor_sites s ON s.position = c.position AND s.corridor_id = getvariable('corridor_id')
LEFT JOIN site_facts f ON f.site_id = s.site_id
ORDER BY c.start_at, c.bin, s.position
