-- title: Equity
-- question: Who has how much of it: by fifths of deprivation, or by group of people?
-- version: 1
-- source: mean over zones weighted by the people of each fifth or group; ratio to the least deprived fifth, or to everybody; concentration index C = 2 cov(h, r) / mean(h), r the fractional rank of people from the most to the least deprived (Kakwani, Wagstaff and van Doorslaer 1997), cov and mean weighted by people; 95 % interval by bootstrap over the zones of a fifth (or all), one fewer drawn than there are (Rao and Wu 1988)
-- needs: zone-population, zone-deprivation when by=fifth, zone-groups when by=group, timetable when indicator=departures, timetable when indicator=excess-wait, stop-visits when indicator=excess-wait, position when indicator=delay, hourly-flow when indicator=delay, speed when indicator=delay, length when indicator=delay, free-flow when indicator=delay, position when indicator=travel-time-index, speed when indicator=travel-time-index, free-flow when indicator=travel-time-index
-- parameter: indicator | varchar | departures | one of departures, excess-wait, delay, travel-time-index | departures: scheduled departures an hour, each route and direction at the one stop of the zone that has most; excess-wait: see excess-wait, over the zone's stops; delay: see delay, a vehicle-km at the zone's sites against free flow; travel-time-index: see travel-time-index, mean of the zone's sites and directions
-- parameter: by | varchar | fifth | one of fifth, group | fifth: of the people, by the deprivation of their zone; group: as the zones count them
-- parameter: assignment | varchar | area-centroid | one of area-centroid, inside | which stops and sites are a zone's: those within walk_m of the centroid of its area in a straight line, or those inside it
-- parameter: walk_m | double | 400 | | see assignment
-- parameter: least_zones | integer | 5 | | figures of fewer zones are withheld
-- parameter: least_people | double | 100 | | figures of fewer people are withheld
-- parameter: frequent_per_h | double | 5 | | excess-wait: scheduled departures an hour from which service is frequent
-- parameter: observed_at_least | double | 0.9 | | excess-wait: a zone below this share of trips observed has no figure
-- parameter: replicates | integer | 1000 | | bootstrap samples
-- parameter: seed | integer | 1 | | of the bootstrap: the same seed gives the same interval
-- column: indicator | | as asked
-- column: fifth | | 1: the most deprived fifth of the people, 5: the least; NULL by group and for everybody
-- column: group_name | | a group, or all: everybody; NULL for a fifth
-- column: value | | mean of the zones' figures, weighted by people; in the unit of the next column; NULL where withheld
-- column: unit | | of value
-- column: low | | lower end of the 95 % interval; NULL where withheld, or of one zone
-- column: high | | upper end
-- column: ratio | | value / that of the least deprived fifth; by group, / that of everybody; NULL where either is withheld
-- column: ratio_low | | lower end of the 95 % interval
-- column: ratio_high | | upper end
-- column: concentration_index | | in the row of everybody, by fifth: 0 where all have the same, above 0 where the less deprived have more of it, below 0 where the more deprived do
-- column: concentration_low | | lower end of the 95 % interval
-- column: concentration_high | | upper end
-- column: zones | | in the figure
-- column: people | people | in the figure
-- column: zones_left_out | | without a figure (no stop with frequent service, no site); for everybody also those without a population, a deprivation or groups
-- column: people_left_out | people | who live there, as far as known
-- column: assignment | | which stops and sites are a zone's
-- column: withheld | | why there is no figure, or no ratio
-- caveat: What is near where people live, not what they use: nobody was asked where they go.
-- caveat: A zone counts whole: all its people have what its stops and sites have. Straight lines, no footpaths.
-- caveat: By departures a zone without a stop has 0; by the others it is left out, for there is nothing to measure.
-- caveat: Fifths are of the people of all zones with a deprivation, by the zone's; a zone is in the fifth that the middle of its people is in.
-- caveat: The interval says how much a figure hangs on single zones. What is withheld is unsure, not secret: what is shown can give it away.
-- caveat: Of excess-wait, which can be below 0, read values rather than ratios and the concentration index.
WITH places AS (
  SELECT stop_id AS place_id, lat, lon FROM stop_places WHERE getvariable('indicator') IN ('departures', 'excess-wait')
  UNION ALL
  SELECT site_id, lat, lon FROM site_facts WHERE getvariable('indicator') IN ('delay', 'travel-time-index')
), near_to AS MATERIALIZED (
  SELECT z.zone_id, p.place_id
  FROM zone_facts z JOIN places p ON p.lat BETWEEN z.lat - getvariable('walk_m') / 111195 AND z.lat + getvariable('walk_m') / 111195
  WHERE getvariable('assignment') = 'area-centroid'
    AND sqrt(((p.lon - z.lon) * cos(radians(z.lat))) ** 2 + (p.lat - z.lat) ** 2) * 111195 <= getvariable('walk_m')
  UNION ALL
  SELECT z.zone_id, p.place_id
  FROM zone_facts z JOIN places p ON p.lat BETWEEN z.least_lat AND z.greatest_lat AND p.lon BETWEEN z.least_lon AND z.greatest_lon
    JOIN zone_edges e ON e.zone_id = z.zone_id
  WHERE getvariable('assignment') = 'inside'
  GROUP BY z.zone_id, p.place_id
  HAVING count(*) FILTER (is_east(e.lon, e.lat, e.to_lon, e.to_lat, p.lon, p.lat)) % 2 = 1
), served AS MATERIALIZED (
  SELECT stop_id AS place_id, route_id, direction_id, city_time(hour_at)::DATE AS date, sum(departures) AS departures
  FROM headway_hours WHERE getvariable('indicator') = 'departures' GROUP BY ALL
), served_hours AS (
  -- Of the dates on which anything runs, as far as they are asked for.
  SELECT sum(epoch_ms(least(city_moment(date + 1), asked_to())) - epoch_ms(greatest(city_moment(date), asked_from()))) / 3.6e6 AS hours
  FROM (SELECT DISTINCT date FROM served)
), site_losses AS (
  SELECT site_id AS place_id, sum(count * length_km) AS vkt_veh_km,
    coalesce(sum(greatest(0, (floored_pace_us / 3.6e9 - count / reference_kmh) * length_km)) FILTER (bin_kmh < reference_kmh), 0) AS delay_veh_h
  FROM site_travel JOIN site_reference USING (site_id, direction)
  WHERE getvariable('indicator') = 'delay' AND NOT long AND bin_kmh IS NOT NULL AND reference_kmh > 0
  GROUP BY site_id
), site_indices AS (
  SELECT site_id AS place_id, free_flow_kmh / 3.6e9 * CASE WHEN sum(veh_windows) > 0
      THEN sum(veh_pace_us) / nullif(sum(veh_weight), 0) ELSE sum(time_pace_us) / nullif(sum(time_weight), 0) END AS tti
  FROM site_day_hours JOIN site_free_flow USING (site_id, direction)
  WHERE getvariable('indicator') = 'travel-time-index'
  GROUP BY site_id, direction, free_flow_kmh
), figures AS (
  SELECT zone_id, sum(departures) / any_value(hours) AS figure
  FROM (
    SELECT zone_id, route_id, direction_id, max(departures) AS departures
    FROM near_to JOIN (SELECT place_id, route_id, direction_id, sum(departures) AS departures FROM served GROUP BY ALL) USING (place_id)
    GROUP BY ALL
  ), served_hours
  GROUP BY zone_id
  UNION ALL
  SELECT zone_id, CASE WHEN sum(observed) >= getvariable('observed_at_least') * sum(to_observe)
    THEN sum((awt_min - swt_min) * departures) / sum(departures) FILTER (awt_min IS NOT NULL) END
  FROM near_to JOIN wait_hours ON stop_id = place_id
  WHERE getvariable('indicator') = 'excess-wait' AND departures / days >= getvariable('frequent_per_h') AND swt_min IS NOT NULL
  GROUP BY zone_id
  UNION ALL
  SELECT zone_id, sum(delay_veh_h) * 3600 / nullif(sum(vkt_veh_km), 0) FROM near_to JOIN site_losses USING (place_id) GROUP BY zone_id
  UNION ALL
  SELECT zone_id, avg(tti) FROM near_to JOIN site_indices USING (place_id) GROUP BY zone_id
), census AS MATERIALIZED (
  SELECT z.zone_id, z.population, z.deprivation, z.people,
    CASE WHEN getvariable('indicator') = 'departures' AND (SELECT hours FROM served_hours) > 0 THEN coalesce(f.figure, 0) ELSE f.figure END AS figure,
    coalesce(z.population > 0 AND CASE getvariable('by') WHEN 'fifth' THEN z.deprivation IS NOT NULL ELSE z.people IS NOT NULL END, false) AS known
  FROM zone_facts z LEFT JOIN figures f USING (zone_id)
), lived AS MATERIALIZED (
  -- Zones as deprived as one another stand side by side: the middle of their people is the middle of all of them.
  SELECT *, CASE getvariable('by') WHEN 'fifth' THEN least(5, 1 + floor(5 * (
      sum(population) OVER (ORDER BY deprivation DESC RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
      - sum(population) OVER (PARTITION BY deprivation) / 2) / sum(population) OVER ()))::INTEGER END AS fifth
  FROM census WHERE known
), units AS MATERIALIZED (
  -- Numbered through, a fifth after the other: numbers are joined faster than names.
  SELECT *, row_number() OVER (ORDER BY fifth, zone_id) AS unit FROM lived WHERE figure IS NOT NULL
), strata AS (
  SELECT min(unit) AS first_unit, count(*) AS units FROM units GROUP BY fifth
), samples AS MATERIALIZED (
  -- Replicate 0 is the city as it is. A zone by itself is drawn each time. UBIGINT, as hashes are: HUGEINT takes ten times as long.
  SELECT 0 AS replicate, unit, 1::DOUBLE AS weight FROM units
  UNION ALL
  SELECT r, first_unit + drawn(concat_ws('/', getvariable('seed'), 'zone', r, first_unit, i), units::UBIGINT), count(*) * any_value(units / greatest(units - 1, 1))
  FROM (SELECT r, first_unit, units, unnest(range(1, greatest(units, 2))) AS i FROM strata, range(1, getvariable('replicates') + 1) replicates(r))
  GROUP BY 1, 2
), members AS MATERIALIZED (
  SELECT zone_id, fifth, NULL::VARCHAR AS group_name, population AS people, figure FROM lived WHERE fifth IS NOT NULL
  UNION ALL
  SELECT zone_id, NULL, 'all', population, figure FROM lived
  UNION ALL
  FROM (SELECT zone_id, NULL, unnest(map_keys(people)) AS group_name, unnest(map_values(people)) AS people, figure
    FROM lived WHERE getvariable('by') = 'group') WHERE people > 0
), kinds AS MATERIALIZED (
  SELECT fifth, group_name, row_number() OVER () AS kind FROM (SELECT DISTINCT fifth, group_name FROM members)
), shares AS MATERIALIZED (
  SELECT u.unit, k.kind, m.people, m.people * m.figure AS amount
  FROM members m JOIN units u USING (zone_id)
  JOIN kinds k ON k.fifth IS NOT DISTINCT FROM m.fifth AND k.group_name IS NOT DISTINCT FROM m.group_name
), means AS (
  -- The last digits of a sum hang on the order in which it was added up: without them the same data give the same figure.
  SELECT replicate, kind, round(sum(weight * amount) / sum(weight * s.people), 10) AS mean FROM samples JOIN shares s USING (unit) GROUP BY replicate, kind
), compared AS (
  SELECT replicate, fifth, group_name, mean, mean / nullif(max(mean) FILTER (CASE getvariable('by') WHEN 'fifth' THEN fifth = 5 ELSE group_name = 'all' END)
    OVER (PARTITION BY replicate), 0) AS ratio
  FROM means JOIN kinds USING (kind)
), intervals AS (
  SELECT fifth, group_name, any_value(mean) FILTER (replicate = 0) AS value, quantile_cont(mean, 0.025) FILTER (replicate > 0) AS low,
    quantile_cont(mean, 0.975) FILTER (replicate > 0) AS high, any_value(ratio) FILTER (replicate = 0) AS ratio,
    quantile_cont(ratio, 0.025) FILTER (replicate > 0) AS ratio_low, quantile_cont(ratio, 0.975) FILTER (replicate > 0) AS ratio_high
  FROM compared GROUP BY ALL
), standing AS (
  SELECT replicate, weight * population AS w, figure, (
      sum(weight * population) OVER (PARTITION BY replicate ORDER BY deprivation DESC RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
      - sum(weight * population) OVER (PARTITION BY replicate, deprivation) / 2) / sum(weight * population) OVER (PARTITION BY replicate) AS r
  FROM samples JOIN units USING (unit) WHERE getvariable('by') = 'fifth'
), indices AS (
  -- cov(h, r) = mean(h r) - mean(h) / 2, for the mean of r is a half.
  SELECT replicate, round(2 * sum(w * figure * r) / nullif(sum(w * figure), 0) - 1, 10) AS c FROM standing GROUP BY replicate
), concentration AS (
  SELECT 'all' AS group_name, any_value(c) FILTER (replicate = 0) AS c, quantile_cont(c, 0.025) FILTER (replicate > 0) AS low,
    quantile_cont(c, 0.975) FILTER (replicate > 0) AS high
  FROM indices
), rows_ AS (
  SELECT unnest(range(1, 6))::INTEGER AS fifth, NULL::VARCHAR AS group_name WHERE getvariable('by') = 'fifth'
  UNION ALL
  SELECT DISTINCT NULL, group_name FROM members WHERE group_name IS NOT NULL
), counts AS (
  SELECT r.fifth, r.group_name, count(figure) AS zones, coalesce(sum(people) FILTER (figure IS NOT NULL), 0) AS people,
    count(zone_id) FILTER (figure IS NULL) AS zones_left_out, coalesce(sum(people) FILTER (figure IS NULL), 0) AS people_left_out
  FROM rows_ r LEFT JOIN members m ON m.fifth = r.fifth OR m.group_name = r.group_name
  GROUP BY ALL
), judged AS (
  SELECT *, CASE WHEN zones = 0 THEN 'no zone with a figure' WHEN zones < getvariable('least_zones') THEN concat('fewer than ', getvariable('least_zones'), ' zones')
    WHEN people < getvariable('least_people') THEN concat('fewer than ', getvariable('least_people')::BIGINT, ' people') END AS because
  FROM counts
), against AS (
  SELECT because FROM judged WHERE CASE getvariable('by') WHEN 'fifth' THEN fifth = 5 ELSE group_name = 'all' END
), unknown AS (
  SELECT count(*) AS zones, coalesce(sum(population), 0) AS people FROM census WHERE NOT known
)
SELECT getvariable('indicator') AS indicator, j.fifth, j.group_name, CASE WHEN j.because IS NULL THEN i.value END AS value,
  CASE getvariable('indicator') WHEN 'departures' THEN 'departures/h' WHEN 'excess-wait' THEN 'min' WHEN 'delay' THEN 's/veh km' ELSE '' END AS unit,
  CASE WHEN j.because IS NULL AND j.zones > 1 THEN i.low END AS low, CASE WHEN j.because IS NULL AND j.zones > 1 THEN i.high END AS high,
  CASE WHEN j.because IS NULL AND a.because IS NULL THEN i.ratio END AS ratio,
  CASE WHEN j.because IS NULL AND a.because IS NULL AND j.zones > 1 THEN i.ratio_low END AS ratio_low,
  CASE WHEN j.because IS NULL AND a.because IS NULL AND j.zones > 1 THEN i.ratio_high END AS ratio_high,
  CASE WHEN j.because IS NULL THEN c.c END AS concentration_index,
  CASE WHEN j.because IS NULL AND j.zones > 1 THEN c.low END AS concentration_low,
  CASE WHEN j.because IS NULL AND j.zones > 1 THEN c.high END AS concentration_high,
  j.zones, j.people, (j.zones_left_out + CASE WHEN j.group_name = 'all' THEN u.zones ELSE 0 END)::BIGINT AS zones_left_out,
  j.people_left_out + CASE WHEN j.group_name = 'all' THEN u.people ELSE 0 END AS people_left_out,
  CASE getvariable('assignment') WHEN 'inside' THEN 'inside the area'
    ELSE printf('area centroid within %.0f m in a straight line', getvariable('walk_m')::DOUBLE) END AS assignment,
  CASE WHEN j.because IS NOT NULL THEN j.because WHEN a.because IS NOT NULL THEN 'no ratio, for what it is compared with: ' || a.because END AS withheld
FROM judged j CROSS JOIN against a CROSS JOIN unknown u
  LEFT JOIN intervals i ON i.fifth IS NOT DISTINCT FROM j.fifth AND i.group_name IS NOT DISTINCT FROM j.group_name
  LEFT JOIN concentration c ON c.group_name = j.group_name
ORDER BY j.group_name IS NOT DISTINCT FROM 'all', j.fifth, j.group_name
