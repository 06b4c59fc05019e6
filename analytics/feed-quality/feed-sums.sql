-- What feeds sent and what is wrong with it, by date: from the sums that nights have made (feed-days.ts) where the asked period keeps to
-- whole local dates and the limits are the usual ones, else from readings; the same figures either way. A session that keeps
-- what it is asked for (feed-days.ts) works out the dates that have no sum alone, and a large fleet in pieces.

CREATE OR REPLACE TEMP VIEW summed_feed_days AS
SELECT * EXCLUDE (formula_version, stale) FROM feed_days
WHERE list_contains(getvariable('feed_summed_dates')::DATE[], date) AND feed_asked_date(date);

-- One row a feed and date of the asked period.
CREATE OR REPLACE TEMP VIEW asked_feed_days AS FROM query(CASE WHEN feed_days_are_kept() THEN 'FROM kept_feed_days'
  WHEN feed_summed() AND len(feed_unsummed()) = 0 THEN 'FROM summed_feed_days' ELSE 'FROM worked_feed_days' END);

-- A vehicle and how often it reported a position.
CREATE OR REPLACE TEMP VIEW feed_vehicles AS
SELECT device_id, v.vehicle_id, sum(v.reports)::BIGINT AS reports
FROM (SELECT device_id, unnest(vehicles) AS v FROM asked_feed_days) GROUP BY ALL;

-- Heard = used + unusable, as the feed counted them; readings by their outcome.
CREATE OR REPLACE TEMP VIEW feed_totals AS
SELECT d.device_id, max(made_by) AS made_by, any_value(v.vehicles) AS vehicles, sum(statuses)::BIGINT AS statuses,
  sum(heard)::BIGINT AS heard, sum(used)::BIGINT AS used, min(first_at) AS first_at, max(last_at) AS last_at,
  sum(readings)::BIGINT AS readings, sum(counted)::BIGINT AS counted, sum(rejected)::BIGINT AS rejected,
  sum(quarantined)::BIGINT AS quarantined
FROM asked_feed_days d
LEFT JOIN (SELECT device_id, count(DISTINCT vehicle_id) AS vehicles FROM feed_vehicles GROUP BY device_id) v USING (device_id)
GROUP BY d.device_id;

-- What was found, by rule, vehicle and hour of the finding.
CREATE OR REPLACE TEMP VIEW feed_found AS
SELECT date, device_id, f.rule, f.vehicle_id, f.hour_at, f.found, f.first_at, f.last_at
FROM (SELECT date, device_id, unnest(found) AS f FROM asked_feed_days);

CREATE OR REPLACE TEMP VIEW feed_rule_dates AS
SELECT date, device_id, r.rule, r.checked, r.examples FROM (SELECT date, device_id, unnest(rules) AS r FROM asked_feed_days);

-- How many things each rule looked at.
CREATE OR REPLACE TEMP VIEW feed_checks AS
SELECT rule, device_id, sum(checked)::BIGINT AS checked FROM feed_rule_dates GROUP BY rule, device_id;

-- By feed and rule; findings of none are there too, where something was looked at.
CREATE OR REPLACE TEMP VIEW feed_quality AS
SELECT c.device_id, c.rule, c.checked, coalesce(f.findings, 0)::BIGINT AS findings,
  coalesce(f.findings, 0) / c.checked AS share, coalesce(f.vehicles, 0)::BIGINT AS vehicles, f.first_at, f.last_at, c.examples
FROM (
  SELECT device_id, rule, sum(checked)::BIGINT AS checked,
    array_to_string(list_sort(list_distinct(flatten(list(examples) FILTER (examples IS NOT NULL))))[:3], '; ') AS examples
  FROM feed_rule_dates GROUP BY device_id, rule) c
LEFT JOIN (
  SELECT device_id, rule, sum(found)::BIGINT AS findings, count(DISTINCT vehicle_id) AS vehicles, min(first_at) AS first_at,
    max(last_at) AS last_at
  FROM feed_found GROUP BY device_id, rule) f USING (device_id, rule);
