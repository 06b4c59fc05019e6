-- Does a station follow its neighbours of the same direction, or those of the other one? Correlation of the counts by
-- quarter of an hour over the day, median over up to four neighbours each way. On days on which both directions run
-- alike this can not tell, and a swap that was found before goes on.
CREATE OR REPLACE TEMP TABLE health_quarters AS
SELECT s.station, epoch_ms(w.start_at) // 900000 AS quarter, sum(w.count) AS count
  FROM health_windows w JOIN health_detectors d USING (detector) JOIN health_stations s USING (site_id, direction)
  WHERE w.window_s <= 900 AND w.count IS NOT NULL
  GROUP BY ALL
  HAVING sum(w.count_s) >= 890 * any_value(s.detectors);

CREATE OR REPLACE TEMP TABLE health_directions AS
WITH alike AS (
  SELECT p.station, p.same_way, corr(a.count, b.count) AS r, count(*) AS quarters
  FROM (FROM health_pairs WHERE other NOT IN (SELECT station FROM health_condemned_stations)) p
  JOIN health_quarters a ON a.station = p.station
  JOIN health_quarters b ON b.station = p.other AND b.quarter = a.quarter
  GROUP BY p.station, p.same_way, p.other
  HAVING count(*) >= 40
)
SELECT station, median(r) FILTER (same_way) AS own_r, median(r) FILTER (NOT same_way) AS other_r,
  count(*) FILTER (same_way) AS own_neighbours, count(*) FILTER (NOT same_way) AS other_neighbours
FROM alike GROUP BY station;

INSERT INTO health_failures
WITH swapped_before AS (
  SELECT DISTINCT s.station
  FROM health_history h JOIN health_stations s USING (site_id, direction)
  WHERE h.date = getvariable('health_date')::DATE - 1 AND h.cause = 'swapped-directions'
)
SELECT unnest(s.members), 'swapped-directions',
  CASE WHEN other_r - own_r > 0.05
    THEN printf('follows the other direction (r = %.2f) and not its own (%.2f)', other_r, own_r)
    ELSE 'found before; both directions ran alike on this day' END
FROM health_directions JOIN health_stations s USING (station) LEFT JOIN swapped_before b USING (station)
WHERE own_neighbours >= 1 AND other_neighbours >= 1 AND own_neighbours + other_neighbours >= 3 AND (
  (other_r - own_r > 0.05 AND 1 - other_r < 0.5 * (1 - own_r))
  OR (abs(other_r - own_r) <= 0.05 AND b.station IS NOT NULL));
