-- title: Completeness
-- question: How much of what the sensors promised was observed?
-- version: 1
-- source: expected = observed + missing, from the registry's installations and their periods
-- needs: period
-- parameter: by | varchar | hour | one of hour, day, site, device | what a row stands for
-- column: hour_at | | start of the hour of the city's clock; NULL otherwise
-- column: local_hour | | the same by the city's clock
-- column: date | | local date; NULL otherwise
-- column: site_id | | NULL by hour and day
-- column: site_name | | as at the end of the period
-- column: device_id | | NULL except by device
-- column: expected_s | s | time that readings were promised for, each lane and direction by itself
-- column: observed_s | s | of which readings cover
-- column: missing_s | s | expected - observed, windows that never came included
-- column: observed_share | | observed / expected
-- column: extra_s | s | observed beyond the promise: overlapping readings, lanes or directions nobody registered; outside the sum
-- column: promises | | devices x lanes x directions that owed readings
-- column: silent_promises | | of which nothing came
-- caveat: A device owes readings while it is installed, within the period asked for, up to the last window of its clock domain (live: up to as_of, where that is later).
-- caveat: A recording, and a device registered before all time, owes from the first window of its clock domain on.
-- caveat: What a recording's publisher filled in counts as observed: its true completeness is not known.
WITH labelled AS (
  SELECT CASE getvariable('by') WHEN 'hour' THEN hour_at END AS of_hour,
    CASE getvariable('by') WHEN 'day' THEN city_time(hour_at)::DATE END AS date,
    CASE WHEN getvariable('by') IN ('site', 'device') THEN site_id END AS site_id,
    CASE getvariable('by') WHEN 'device' THEN device_id END AS device_id,
    device_id AS of_device, site_id AS of_site, direction, lane, expected_s, observed_s, missing_s, extra_s
  FROM promised_hours
), by_promise AS (
  SELECT of_hour, date, site_id, device_id, of_device, of_site, direction, lane, sum(expected_s) AS expected_s,
    sum(observed_s) AS observed_s, sum(missing_s) AS missing_s, sum(extra_s) AS extra_s
  FROM labelled
  GROUP BY ALL
), sums AS (
  SELECT of_hour, date, site_id, device_id, sum(expected_s)::BIGINT AS expected_s, sum(observed_s)::BIGINT AS observed_s,
    sum(missing_s)::BIGINT AS missing_s, sum(extra_s)::BIGINT AS extra_s,
    count(*) FILTER (expected_s > 0) AS promises, count(*) FILTER (expected_s > 0 AND observed_s = 0) AS silent_promises
  FROM by_promise
  GROUP BY ALL
)
SELECT s.of_hour AS hour_at, city_time(s.of_hour) AS local_hour, s.date, s.site_id, f.name AS site_name, s.device_id,
  s.expected_s, s.observed_s, s.missing_s, s.observed_s / nullif(s.expected_s, 0) AS observed_share, s.extra_s,
  s.promises, s.silent_promises
FROM sums s LEFT JOIN site_facts f USING (site_id)
ORDER BY hour_at, s.date, s.site_id, s.device_id
