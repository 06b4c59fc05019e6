-- title: Where congestion costs riders
-- question: On which road links do passengers lose most time in slow vehicles, and what does the road's own traffic lose there?
-- version: 2
-- source: passenger-hours = (run from stop to stop less the free run) x passengers on board, summed by hour; the free run is the 15th percentile of the hours' median runs; laid on the links beneath the way by metres
-- needs: timetable, stop-visits, road-links
-- parameter: by | varchar | link | one of link, hour | a row for each link, or for each hour of a link
-- parameter: within_s | double | 60 | | times known less exactly than this (both ends together) are left out
-- parameter: route | varchar | none | | this route only
-- column: link_id | | the link; NULL: ways that lie on none
-- column: road | | its road, or name
-- column: direction | | as the registry has it
-- column: hour | | by hour: of the city's clock
-- column: km | km | of the link, as far as transit runs on it
-- column: routes | | that run on it
-- column: veh_km_week | veh-km | that transit vehicles run on it, a week
-- column: counted_share | | of those runs, with a known load
-- column: lost_s_km | s/km | that a run loses per kilometre
-- column: lost_veh_h_week | veh-h | transit vehicles, a week
-- column: lost_passenger_h_week | pass-h | of runs with a known load alone, a week; NULL where nobody was counted
-- column: road_delay_veh_h_week | veh-h | all traffic at the sites of the link, against free flow, a week; NULL without sites that count and measure speed
-- column: road_km | km | that those sites speak for
-- caveat: What is lost from a stop to the next is spread evenly over the metres between them; dwell at stops is not in it.
-- caveat: Runs without a known load are in the vehicles' figures only: passenger-hours are a lower bound where counted_share is below 1.
-- caveat: The free run is of the hours seen: a road that is never free has no delay here.
WITH cells AS (
  SELECT c.link_id, c.share, c.segment_m, l.*, CASE getvariable('by') WHEN 'hour' THEN l.hour END AS row_hour
  FROM segment_losses l JOIN (SELECT from_stop, to_stop, link_id, sum(share) AS share, any_value(segment_m) AS segment_m FROM segment_cells GROUP BY ALL) c
    USING (from_stop, to_stop)
), driven AS (
  SELECT link_id, count(DISTINCT cell) * 0.1 AS most_km FROM segment_cells GROUP BY link_id
), lost AS (
  SELECT link_id, row_hour AS hour, count(DISTINCT route_id) AS routes, sum(runs) AS runs, sum(counted) AS counted,
    sum(lost_s * share) / 3600 AS lost_veh_h, sum(lost_rider_s * share) / 3600 AS lost_passenger_h, sum(runs * share * segment_m) / 1e3 AS veh_km
  FROM cells GROUP BY ALL
), held AS (
  SELECT link_id, arg_max(coalesce(road, name), valid_from) AS road, arg_max(direction, valid_from) AS direction, arg_max(length_km, valid_from) AS length_km
  FROM links GROUP BY link_id
)
SELECT l.link_id, h.road, h.direction, l.hour, least(d.most_km, coalesce(h.length_km, d.most_km)) AS km, l.routes, l.veh_km / r.days * 7 AS veh_km_week,
  l.counted / l.runs AS counted_share, l.lost_veh_h * 3600 / nullif(l.veh_km, 0) AS lost_s_km, l.lost_veh_h / r.days * 7 AS lost_veh_h_week,
  CASE WHEN l.counted > 0 THEN l.lost_passenger_h / r.days * 7 END AS lost_passenger_h_week,
  CASE WHEN l.hour IS NULL THEN t.road_delay_veh_h_week END AS road_delay_veh_h_week, CASE WHEN l.hour IS NULL THEN t.road_km END AS road_km
FROM lost l CROSS JOIN run_days r JOIN driven d ON d.link_id IS NOT DISTINCT FROM l.link_id LEFT JOIN held h ON h.link_id = l.link_id LEFT JOIN link_delays t ON t.link_id = l.link_id
ORDER BY lost_passenger_h_week DESC NULLS LAST, lost_veh_h_week DESC, l.link_id, l.hour
