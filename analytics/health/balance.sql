-- Flow balance between neighbours. What a station counts in a day, over what a neighbour counts in the same whole hours,
-- is compared with that ratio's median over the good days before (3 to 28), and on freeways, between two on-ramps, with
-- 1. Two thirds of the neighbours must agree, which tells a station that changed from one whose neighbour did; where a
-- station has but one neighbour between the same ramps, the lower of the two is taken to miss vehicles. A deviation
-- counts above 10 % (25 % on streets, where vehicles turn off between), four times the ratio's usual spread and four standard deviations of chance. Natural logarithms.
CREATE OR REPLACE TEMP TABLE health_hours AS
  SELECT s.station, h.hour_at, sum(h.count)::BIGINT AS count
  FROM hourly h JOIN health_stations s USING (site_id, direction)
  WHERE h.kind = 'traffic-flow' AND h.hour_at >= asked_from() AND h.hour_at < asked_to()
  GROUP BY ALL
  HAVING sum(h.count_s) >= 3590 * any_value(s.detectors);

CREATE OR REPLACE TEMP TABLE health_good_days AS
  SELECT s.station, t.date, sum(t.vehicles) AS count
  FROM health_history t JOIN health_detectors d USING (device_id, site_id, direction, lane)
  JOIN health_stations s USING (site_id, direction)
  WHERE t.date < getvariable('health_date')::DATE AND t.verdict <> 'bad' AND t.observed_share > 0.98
  GROUP BY s.station, t.date HAVING count(*) = any_value(s.detectors) AND sum(t.vehicles) >= 1000;

CREATE OR REPLACE TEMP TABLE health_balance AS
WITH today AS (
  SELECT p.station, p.other, any_value(p.same_link) AS same_link, sum(a.count) AS count, sum(b.count) AS other_count
  FROM (
    FROM health_pairs
    WHERE same_way AND station NOT IN (SELECT station FROM health_condemned_stations)
      AND other NOT IN (SELECT station FROM health_condemned_stations)
  ) p
  JOIN health_hours a ON a.station = p.station
  JOIN health_hours b ON b.station = p.other AND b.hour_at = a.hour_at
  GROUP BY p.station, p.other
  HAVING count(*) >= 12 AND least(sum(a.count), sum(b.count)) >= 1000
), before AS (
  SELECT p.station, p.other, median(ln(a.count / b.count)) AS usual, mad(ln(a.count / b.count)) AS spread, count(*) AS days
  FROM health_pairs p
  JOIN health_good_days a ON a.station = p.station
  JOIN health_good_days b ON b.station = p.other AND b.date = a.date
  WHERE p.same_way
  GROUP BY p.station, p.other
  HAVING count(*) >= 3
), deviations AS (
  SELECT t.station, t.other, t.same_link, CASE WHEN s.freeway THEN 0.1 ELSE 0.25 END AS least, t.count, t.other_count, ln(t.count / t.other_count) AS ratio,
    ln(t.count / t.other_count) - b.usual AS change, greatest(0.02, 1.4826 * b.spread) AS spread,
    4 * sqrt(1 / t.count + 1 / t.other_count) AS chance
  FROM today t JOIN health_stations s USING (station) LEFT JOIN before b USING (station, other)
)
SELECT station, median(change) AS change, count(change) AS changed_neighbours,
  count(*) FILTER (abs(change) > greatest(least, 4 * spread, chance) AND sign(change) = sign(median_change)) AS agree_on_change,
  median(ratio) FILTER (same_link) AS link_ratio, count(*) FILTER (same_link) AS link_neighbours,
  count(*) FILTER (same_link AND abs(ratio) > greatest(least, chance) AND sign(ratio) = sign(median_link)) AS agree_on_link
FROM (
  SELECT *, median(change) OVER (PARTITION BY station) AS median_change,
    median(CASE WHEN same_link THEN ratio END) OVER (PARTITION BY station) AS median_link
  FROM deviations
)
GROUP BY station;

INSERT INTO health_failures
SELECT unnest(s.members), CASE WHEN f.off < 0 THEN 'undercount' ELSE 'overcount' END, f.detail
FROM health_balance b JOIN health_stations s USING (station), LATERAL (
  SELECT b.change AS off, printf('%+.0f %% against %d neighbours, beside their usual ratio', 100 * (exp(b.change) - 1),
    b.changed_neighbours) AS detail
  WHERE b.changed_neighbours >= 2 AND b.agree_on_change >= b.changed_neighbours * 2 / 3
  UNION ALL
  SELECT b.link_ratio, printf('%+.0f %% against %d %s between the same ramps', 100 * (exp(b.link_ratio) - 1),
    b.link_neighbours, CASE WHEN b.link_neighbours = 1 THEN 'neighbour' ELSE 'neighbours' END)
  WHERE (b.link_neighbours >= 2 OR b.link_ratio < 0) AND b.agree_on_link >= b.link_neighbours * 2 / 3
    AND b.agree_on_link > 0
) f;

-- On a day on which a station has nobody to compare with, what was found before goes on.
INSERT INTO health_failures
WITH off_before AS (
  SELECT s.station, any_value(h.cause) AS cause
  FROM health_history h JOIN health_stations s USING (site_id, direction)
  WHERE h.date = getvariable('health_date')::DATE - 1 AND h.cause IN ('undercount', 'overcount')
  GROUP BY s.station
)
SELECT unnest(s.members), p.cause, 'found before; no good neighbour to compare with on this day'
FROM off_before p JOIN health_stations s USING (station) LEFT JOIN health_balance b USING (station)
WHERE coalesce(b.changed_neighbours, 0) < 2 AND coalesce(b.link_neighbours, 0) = 0;
