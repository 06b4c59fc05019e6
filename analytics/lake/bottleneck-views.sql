-- Bottlenecks after Chen, Skabardonis and Varaiya (2004), on every corridor asked for. Thresholds are session variables
-- of the names in the measures' headers.

-- Speed and flow of every stretch by five-minute step (counted since 1970).
CREATE OR REPLACE TEMP VIEW network_steps AS
SELECT corridor_id, position, site_id, km, length_km, step, vehicles, speed_kmh
FROM rollup_driven_steps
WHERE make_timestamptz(step * 300000000) < asked_to();

-- By night (22:00 to 05:00 by the city's clock), a site's speeds beside those of its neighbours on the corridor in the same
-- five minutes: sums, and in how many it was slower than both by the share (`outlier_share`).
CREATE OR REPLACE TEMP VIEW window_slow_nights AS
WITH night_steps AS (
  SELECT * FROM (
    SELECT step, city_time(make_timestamptz(step * 300000000)) AS local_at FROM (SELECT DISTINCT step FROM network_steps)
    WHERE make_timestamptz(step * 300000000) >= asked_from()
  )
  WHERE hour(local_at) >= 22 OR hour(local_at) < 5
), beside AS (
  SELECT *, lag(speed_kmh) OVER along AS before_kmh, lead(speed_kmh) OVER along AS after_kmh
  FROM network_steps JOIN night_steps USING (step)
  WINDOW along AS (PARTITION BY corridor_id, step ORDER BY position)
)
SELECT corridor_id, position, any_value(site_id) AS site_id, any_value(km) AS km, local_at::DATE AS date,
  sum(speed_kmh) AS sum_kmh, sum(before_kmh) AS before_kmh, sum(after_kmh) AS after_kmh,
  count(*) FILTER (speed_kmh < coalesce(getvariable('outlier_share')::DOUBLE, 0.85) * least(before_kmh, after_kmh)) AS slow_steps,
  count(*) AS steps
FROM beside
WHERE speed_kmh IS NOT NULL AND before_kmh IS NOT NULL AND after_kmh IS NOT NULL
GROUP BY corridor_id, position, local_at::DATE;

CREATE OR REPLACE TEMP VIEW slow_nights AS
FROM query(CASE WHEN rolled_network() AND rolled_dates() AND coalesce(getvariable('outlier_share')::DOUBLE, 0.85) = 0.85
  THEN 'SELECT * FROM rolled_slow_nights
    WHERE corridor_id = coalesce(getvariable(''corridor_id'')::VARCHAR, corridor_id)
      AND date >= asked_first_date() AND date <= asked_last_date()'
  ELSE 'SELECT * FROM window_slow_nights' END);

-- Steps in which a bottleneck was active at a site, the last slow one before speeds rise. Between it and a site
-- downstream (less than `pair_km` on) speeds rise from site to site, by more than `rise_kmh` in all, from below
-- `queue_kmh`; where several pairs do, the last slow site and the nearest free one. Sustained: so in 5 of any 7
-- consecutive steps. The queue are the unbroken sites below `queue_kmh` upstream.
CREATE OR REPLACE TEMP VIEW window_bottleneck_steps AS
WITH thresholds AS (
  SELECT coalesce(getvariable('queue_kmh')::DOUBLE, 64) AS queue_kmh,
    coalesce(getvariable('rise_kmh')::DOUBLE, 32) AS rise_kmh, coalesce(getvariable('pair_km')::DOUBLE, 3.2) AS pair_km,
    coalesce(getvariable('queue_reference_kmh')::DOUBLE, 97) AS reference_kmh
), all_speeds AS MATERIALIZED (
  SELECT * FROM network_steps WHERE speed_kmh IS NOT NULL
), rising AS (
  -- Most of a day holds no bottleneck: somewhere on the corridor it is slow, and somewhere faster by the rise.
  SELECT corridor_id, step FROM all_speeds, thresholds
  GROUP BY corridor_id, step, queue_kmh, rise_kmh
  HAVING min(speed_kmh) < queue_kmh AND max(speed_kmh) - min(speed_kmh) > rise_kmh
), speeds AS MATERIALIZED (
  SELECT s.* FROM all_speeds s SEMI JOIN rising USING (corridor_id, step)
), rises AS (
  SELECT corridor_id, step, position, site_id, km, speed_kmh,
    sum(falls) OVER (PARTITION BY corridor_id, step ORDER BY position) AS run
  FROM (
    SELECT *, (speed_kmh <= lag(speed_kmh) OVER (PARTITION BY corridor_id, step ORDER BY position))::INTEGER AS falls
    FROM speeds
  )
), heads AS (
  SELECT i.corridor_id, i.step, i.position, i.site_id, i.km, i.speed_kmh, j.site_id AS downstream_site,
    j.km AS downstream_km, j.speed_kmh AS downstream_kmh
  FROM thresholds t, rises i JOIN rises j ON j.corridor_id = i.corridor_id AND j.step = i.step
    AND j.run IS NOT DISTINCT FROM i.run AND j.position > i.position
  WHERE i.speed_kmh < t.queue_kmh AND j.km - i.km < t.pair_km AND j.speed_kmh - i.speed_kmh > t.rise_kmh
  QUALIFY row_number() OVER (
    PARTITION BY i.corridor_id, i.step, i.run ORDER BY i.position DESC, j.position) = 1
), sustained AS (
  SELECT * FROM (
    SELECT *, max(ahead) OVER (PARTITION BY corridor_id, position ORDER BY step RANGE BETWEEN 6 PRECEDING AND CURRENT ROW)
      AS most
    FROM (
      SELECT *, count(*) OVER (PARTITION BY corridor_id, position ORDER BY step RANGE BETWEEN CURRENT ROW AND 6 FOLLOWING)
        AS ahead
      FROM heads
    )
  )
  WHERE most >= 5
), slow AS (
  SELECT corridor_id, position, step, km, length_km, vehicles,
    length_km * (1 / greatest(speed_kmh, floor_kmh()) - 1 / reference_kmh) AS lost_h,
    position - row_number() OVER (PARTITION BY corridor_id, step ORDER BY position) AS queue
  FROM speeds, thresholds
  WHERE speed_kmh < queue_kmh
), queues AS (
  SELECT corridor_id, position, step, sum(length_km) OVER up AS queue_km, first_value(km) OVER up AS tail_km,
    sum(lost_h) OVER up AS lost_h_per_veh,
    CASE WHEN count(vehicles) OVER up = count(*) OVER up THEN sum(lost_h * vehicles) OVER up END AS delay_veh_h
  FROM slow
  WINDOW up AS (PARTITION BY corridor_id, step, queue ORDER BY position ROWS UNBOUNDED PRECEDING)
)
SELECT s.corridor_id, s.position, s.site_id, s.km, s.downstream_site, s.downstream_km, s.step, s.speed_kmh,
  s.downstream_kmh, q.queue_km, q.tail_km, q.lost_h_per_veh, q.delay_veh_h
FROM sustained s JOIN queues q USING (corridor_id, position, step);

-- The same, from the roll-up where the thresholds are those it was made by.
CREATE OR REPLACE TEMP MACRO rolled_bottlenecks() AS (
  rolled_network() AND coalesce(getvariable('queue_kmh')::DOUBLE, 64) = 64
  AND coalesce(getvariable('rise_kmh')::DOUBLE, 32) = 32 AND coalesce(getvariable('pair_km')::DOUBLE, 3.2) = 3.2
  AND coalesce(getvariable('queue_reference_kmh')::DOUBLE, 97) = 97
);
CREATE OR REPLACE TEMP VIEW bottleneck_steps AS
FROM query(CASE WHEN rolled_bottlenecks()
  THEN 'SELECT * FROM rolled_bottleneck_steps
    WHERE corridor_id = coalesce(getvariable(''corridor_id'')::VARCHAR, corridor_id)
      AND step >= epoch_ms(asked_from()) // 300000 AND step < epoch_ms(asked_to()) // 300000'
  ELSE 'SELECT * FROM window_bottleneck_steps' END);

-- Where incidents and roadworks lay on corridors: at the sites they name, else at the nearest within 1 km of their
-- position, else anywhere on their road in their direction.
CREATE OR REPLACE TEMP VIEW incident_places AS
WITH held AS (
  SELECT * FROM incidents
  WHERE valid_from < asked_to() AND valid_to > asked_from() AND from_at < asked_to() AND to_at > asked_from()
  QUALIFY valid_from = max(valid_from) OVER (PARTITION BY incident_id)
), near AS (
  SELECT h.incident_id, f.site_id
  FROM held h JOIN site_facts f ON f.lat IS NOT NULL AND h.lat IS NOT NULL
    AND (h.direction IS NULL OR f.direction IS NULL OR f.direction = h.direction)
    AND abs(f.lat - h.lat) < 0.01 AND abs(f.lon - h.lon) * cos(radians(h.lat)) < 0.01
  QUALIFY row_number() OVER (PARTITION BY h.incident_id
    ORDER BY (f.lat - h.lat) ** 2 + ((f.lon - h.lon) * cos(radians(h.lat))) ** 2) = 1
), placed AS (
  SELECT incident_id, unnest(site_ids) AS site_id FROM held WHERE len(site_ids) > 0
  UNION
  SELECT n.incident_id, n.site_id FROM near n JOIN held h USING (incident_id) WHERE coalesce(len(h.site_ids), 0) = 0
  UNION
  SELECT h.incident_id, f.site_id
  FROM held h JOIN site_facts f ON f.road = h.road AND (h.direction IS NULL OR f.direction = h.direction)
  WHERE coalesce(len(h.site_ids), 0) = 0 AND h.lat IS NULL
)
SELECT DISTINCT h.incident_id, h.type, h.name, h.from_at, h.to_at, c.corridor_id, c.position, c.km
FROM placed p JOIN held h USING (incident_id) JOIN corridor_sites c USING (site_id);

-- A bottleneck active at a place: its steps with breaks of less than half an hour, on freeways only (free-flow speed of
-- `freeway_kmh` and more on both sides of it). `incidents` are those on its queue, or up to 1.6 km around it, while it
-- lasted or in the hour before.
CREATE OR REPLACE TEMP VIEW bottleneck_episodes AS
WITH free AS (
  SELECT ff.site_id, max(ff.free_flow_kmh) AS free_flow_kmh
  FROM site_free_flow ff LEFT JOIN site_facts f USING (site_id)
  WHERE ff.direction = '' OR f.direction IS NULL OR ff.direction = f.direction
  GROUP BY ff.site_id
), freeway AS (
  SELECT site_id FROM free WHERE free_flow_kmh >= coalesce(getvariable('freeway_kmh')::DOUBLE, 90)
), numbered AS (
  SELECT *, sum(begins) OVER (PARTITION BY corridor_id, position ORDER BY step) AS episode
  FROM (
    SELECT *, (step - lag(step, 1, -1000000) OVER (PARTITION BY corridor_id, position ORDER BY step) > 6)::INTEGER AS begins
    FROM bottleneck_steps
    WHERE site_id IN (FROM freeway) AND downstream_site IN (FROM freeway)
  )
), episodes AS (
  SELECT corridor_id, position, any_value(site_id) AS site_id, any_value(km) AS km,
    mode(downstream_site) AS downstream_site, max(downstream_km) AS downstream_km, min(tail_km) AS tail_km,
    make_timestamptz(min(step) * 300000000) AS from_at, make_timestamptz((max(step) + 1) * 300000000) AS to_at,
    count(*) * 300 AS active_s, avg(queue_km) AS mean_queue_km, max(queue_km) AS max_queue_km,
    CASE WHEN count(delay_veh_h) = count(*) THEN sum(delay_veh_h) END AS delay_veh_h,
    avg(lost_h_per_veh) * 60 AS mean_lost_min, min(speed_kmh) AS least_kmh
  FROM numbered
  GROUP BY corridor_id, position, episode
)
SELECT e.*, i.incidents, i.names AS incident_names
FROM episodes e LEFT JOIN (
  SELECT e.corridor_id, e.position, e.from_at, count(DISTINCT p.incident_id) AS incidents,
    string_agg(DISTINCT coalesce(p.name, p.incident_id), ', ') AS names
  FROM episodes e JOIN incident_places p ON p.corridor_id = e.corridor_id
    AND p.km >= e.tail_km - 1.6 AND p.km <= e.downstream_km + 1.6
    AND p.from_at < e.to_at AND p.to_at + INTERVAL 1 hour > e.from_at
  GROUP BY ALL
) i USING (corridor_id, position, from_at);
