-- title: Before and after, for transit
-- question: By how much did run times change on these routes or segments beyond what changed elsewhere, and how sure is that?
-- version: 1
-- source: difference in differences of log run times from stop to stop: weekly means of the treated less those of the comparison segments, after less before; interval from the spread of these weekly differences (two samples, t distribution)
-- needs: stop-visits
-- parameter: treated | varchar | none | | routes (12), directions (12/0) or segments (STOP>STOP), parted by commas or spaces; without them nothing is computed
-- parameter: change_at | timestamptz | none | | when it changed; the week that holds it counts to neither side; none: the middle of the period
-- parameter: days | varchar | weekdays | one of all, weekdays, school-days, weekends, holidays, events | days of the city's calendar
-- parameter: compared_with | varchar | other-routes | one of other-routes, other-segments | segments of routes that have none treated, or all others
-- parameter: within_s | double | 60 | | times known less exactly than this (both ends together) are left out
-- column: comparison | | change: at the date given; placebo: at the middle of the weeks before it, where nothing changed
-- column: change_date | | local date
-- column: effect | | share by which run times of the treated changed beyond the comparison; negative is faster
-- column: low | | lower end of the 95 % interval; NULL with fewer than three weeks on a side
-- column: high | | upper end
-- column: told_from_nothing | | the interval does not hold 0
-- column: treated_before_s | s | mean run over the treated segments, one after another, before
-- column: treated_after_s | s | and after
-- column: treated_segments | | in the figure: those run in every week
-- column: comparison_segments | | compared with
-- column: weeks_before | | whole weeks
-- column: weeks_after | | whole weeks
-- caveat: What else changed on the treated segments alone, on the same date, is in the figure; so is a timetable with other hours of service.
-- caveat: From departure to arrival: dwell at stops is not in it. Weeks are Monday to Sunday.
WITH asked AS (
  SELECT DISTINCT trim(x) AS what FROM (SELECT unnest(regexp_split_to_array(trim(getvariable('treated')), '[ ,;]+')) AS x)
), runs AS (
  SELECT r.route_id, r.direction_id, r.from_stop, r.to_stop, date_trunc('week', r.service_date)::DATE AS week,
    (epoch_ms(r.arrival_at) - epoch_ms(r.departure_at)) / 1e3 AS run_s,
    r.route_id IN (FROM asked) OR concat(r.route_id, '/', r.direction_id) IN (FROM asked) OR concat(r.from_stop, '>', r.to_stop) IN (FROM asked) AS treated
  FROM run_segments r LEFT JOIN calendar_dates c ON c.date = r.service_date
  WHERE r.within_s <= getvariable('within_s') AND on_days(coalesce(c.type, weekday_type(r.service_date)), getvariable('days'))
), units AS (
  SELECT route_id, direction_id, from_stop, to_stop, treated, week, avg(ln(run_s)) AS y, avg(run_s) AS mean_s
  FROM runs WHERE city_moment(week) >= asked_from() AND city_moment(week + 7) <= asked_to() AND (treated OR getvariable('compared_with') = 'other-segments'
    OR route_id NOT IN (SELECT t.route_id FROM runs t WHERE t.treated))
  GROUP BY ALL
), whole AS (
  -- Segments run in every week: what comes and goes would change the mean by itself.
  SELECT * FROM units QUALIFY count(*) OVER (PARTITION BY route_id, direction_id, from_stop, to_stop, treated) = (SELECT count(DISTINCT week) FROM units)
), weekly AS (
  SELECT week, avg(y) FILTER (treated) - avg(y) FILTER (NOT treated) AS d, sum(mean_s) FILTER (treated) AS treated_s FROM whole GROUP BY week
), real_change AS (
  SELECT coalesce(city_time(getvariable('change_at')::TIMESTAMPTZ)::DATE, min(week) + ((max(week) + 7 - min(week)) // 14 * 7)::INTEGER) AS date FROM weekly
), changes AS (
  SELECT 'change' AS comparison, date, DATE '9999-12-31' AS last_week FROM real_change
  UNION ALL
  SELECT 'placebo', min(w.week) + ((r.date - min(w.week)) // 14 * 7)::INTEGER, r.date - 7 FROM weekly w, real_change r WHERE w.week + 7 <= r.date GROUP BY r.date
), sided AS (
  SELECT c.comparison, c.date AS change_date, w.*, w.week >= c.date AS after
  FROM weekly w, changes c WHERE w.week <= c.last_week AND (w.week + 7 <= c.date OR w.week >= c.date) AND w.d IS NOT NULL
), sums AS (
  SELECT comparison, change_date, avg(d) FILTER (after) - avg(d) FILTER (NOT after) AS effect, count(*) FILTER (NOT after) AS weeks_before,
    count(*) FILTER (after) AS weeks_after, var_samp(d) FILTER (NOT after) AS before_var, var_samp(d) FILTER (after) AS after_var,
    avg(treated_s) FILTER (NOT after) AS treated_before_s, avg(treated_s) FILTER (after) AS treated_after_s
  FROM sided GROUP BY ALL
), judged AS (
  SELECT *, CASE WHEN least(weeks_before, weeks_after) >= 3
    THEN t_tail(weeks_before + weeks_after - 2) * sqrt(before_var / weeks_before + after_var / weeks_after) END AS half
  FROM sums WHERE effect IS NOT NULL
)
SELECT comparison, change_date, exp(effect) - 1 AS effect, exp(effect - half) - 1 AS low, exp(effect + half) - 1 AS high,
  coalesce(abs(effect) > half, false) AS told_from_nothing, treated_before_s, treated_after_s,
  (SELECT count(DISTINCT (route_id, direction_id, from_stop, to_stop)) FROM whole WHERE treated) AS treated_segments,
  (SELECT count(DISTINCT (route_id, direction_id, from_stop, to_stop)) FROM whole WHERE NOT treated) AS comparison_segments, weeks_before, weeks_after
FROM judged ORDER BY comparison
