-- title: Feed quality
-- question: How far can each feed be trusted, rule by rule?
-- version: 1
-- source: rules after the GTFS-Realtime validator (W002, W004, W008, E022), issues 62, 77 and 162 of its users, and what the feeds count; docs/feeds.md
-- needs: feed-readings
-- parameter: feed | varchar | none | | this feed only
-- parameter: stale_feed_s | double | 65 | | a snapshot made longer than this before it came is stale
-- parameter: silent_feed_s | double | 300 | | a feed is silent when nothing came for longer
-- parameter: stale_vehicle_s | double | 90 | | a report is stale when it is older than this on arrival
-- parameter: behind_s | double | 300 | | a clock is behind when all reports of an hour are older than this on arrival, and equally so
-- parameter: frozen_min | double | 10 | | a vehicle at one place for so long, though it drove, is frozen
-- parameter: stuck_min | double | 20 | | one next stop for so long and 2 km is stuck
-- parameter: max_kmh | double | 150 | | two positions further apart than this speed allows are a jump
-- column: feed | | the device that sent it
-- column: rule | | what was looked for
-- column: looked_at | | messages, reports, steps or calls that the rule could look at
-- column: findings | | of which were found wanting
-- column: share | | findings / looked_at
-- column: vehicles | | with a finding; 0 of a rule that is about no single vehicle
-- column: worst_vehicle | | with the most findings; NULL where the rule is about no single vehicle
-- column: worst_vehicle_findings | | of that vehicle
-- column: worst_hour_at | | start of the hour with the most findings, the first of equals
-- column: worst_hour_findings | | in that hour
-- column: last_at | | the last finding
-- column: examples | | up to three of them
-- caveat: By when things were received. A rule that had nothing to look at does not stand here; unknown trips and stops are looked for only where a timetable holds, positions off the way only in trips that were matched.
WITH found AS (
  SELECT device_id, rule, vehicle_id, hour_at, sum(found) AS found FROM feed_found GROUP BY ALL
), of_vehicles AS (
  SELECT device_id, rule, vehicle_id, sum(found)::BIGINT AS found FROM found WHERE vehicle_id IS NOT NULL GROUP BY device_id, rule, vehicle_id
  QUALIFY row_number() OVER (PARTITION BY device_id, rule ORDER BY sum(found) DESC, vehicle_id) = 1
), of_hours AS (
  SELECT device_id, rule, hour_at, sum(found)::BIGINT AS found FROM found GROUP BY device_id, rule, hour_at
  QUALIFY row_number() OVER (PARTITION BY device_id, rule ORDER BY sum(found) DESC, hour_at) = 1
)
SELECT q.device_id AS feed, q.rule, q.checked AS looked_at, q.findings, q.share, q.vehicles, v.vehicle_id AS worst_vehicle,
  v.found AS worst_vehicle_findings, h.hour_at AS worst_hour_at, h.found AS worst_hour_findings, q.last_at, q.examples
FROM feed_quality q
LEFT JOIN of_vehicles v USING (device_id, rule)
LEFT JOIN of_hours h USING (device_id, rule)
WHERE getvariable('feed') IS NULL OR q.device_id = getvariable('feed')::VARCHAR
ORDER BY feed, q.findings = 0, q.share DESC, q.rule
