-- title: Screenlines and cordons
-- question: How many vehicles, bicycles and people on foot cross each line, in and out?
-- version: 1
-- source: counts of the line's crossings added up, by sense and class; a cordon's balance is in less out
-- needs: screenline, flow
-- parameter: by | varchar | day | one of day, month, total | what a row stands for, beside line, sense and class
-- column: screenline_id | | the line
-- column: name | | its name
-- column: type | | screenline or cordon
-- column: date | | local date, of a month its first; NULL for the total
-- column: sense | | in or out
-- column: class | | all, and each class that its sensors count
-- column: count | vehicles or people | as counted: what was not observed is not added
-- column: crossings_observed | | crossings that counted
-- column: crossings | | crossings of the line in this sense
-- column: observed_share | | of the time of the crossings that counted, the share observed on those dates
-- column: share_of_all | | of all counted in this row's line, date and sense
-- caveat: A line with crossings that did not count is not scaled up: compare crossings_observed with crossings.
-- caveat: Classes are those that the sensors tell apart; where they tell none, there is 'all' alone.
WITH crossings AS (
  SELECT *, count(*) OVER (PARTITION BY screenline_id, sense) AS crossings FROM screenline_crossings
), counted AS (
  SELECT c.screenline_id, c.name, c.type, c.sense, c.crossings, c.site_id || '/' || coalesce(c.direction, '') AS crossing,
    CASE getvariable('by') WHEN 'day' THEN m.local_at::DATE WHEN 'month' THEN date_trunc('month', m.local_at)::DATE END AS date,
    m.local_at::DATE AS day, w.count, least(w.count_s, w.window_s) AS count_s, w.class_counts, w.lane, w.device_id
  FROM asked_windows w JOIN asked_moments m USING (start_at)
  JOIN crossings c ON c.site_id = w.site_id AND (c.direction IS NULL OR c.direction = w.direction)
  WHERE w.count_s > 0
), streams AS (
  SELECT screenline_id, name, type, sense, crossings, date, day, crossing, lane, device_id, sum(count) AS count,
    sum(count_s) AS count_s
  FROM counted
  GROUP BY ALL
), alls AS (
  SELECT screenline_id, name, type, sense, crossings, date, sum(count)::BIGINT AS count,
    count(DISTINCT crossing) AS crossings_observed, sum(count_s) / sum(day_seconds(day)) AS observed_share
  FROM streams
  GROUP BY ALL
), classes AS (
  SELECT screenline_id, sense, date, class, sum(n)::BIGINT AS count
  FROM (
    SELECT screenline_id, sense, date, unnest(map_keys(class_counts)) AS class, unnest(map_values(class_counts)) AS n
    FROM counted WHERE class_counts IS NOT NULL
  )
  GROUP BY ALL
), both_ AS (
  SELECT screenline_id, sense, date, 'all' AS class, count FROM alls
  UNION ALL
  SELECT screenline_id, sense, date, class, count FROM classes WHERE count > 0
)
SELECT a.screenline_id, a.name, a.type, a.date, a.sense, b.class, b.count, a.crossings_observed, a.crossings,
  a.observed_share, b.count / nullif(a.count, 0) AS share_of_all
FROM both_ b JOIN alls a ON a.screenline_id = b.screenline_id AND a.sense = b.sense AND a.date IS NOT DISTINCT FROM b.date
ORDER BY a.screenline_id, a.date, a.sense, b.class <> 'all', b.count DESC, b.class
