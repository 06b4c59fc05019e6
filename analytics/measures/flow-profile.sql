-- title: Flow through the day
-- question: How much traffic passes at each time of the day, on each type of day?
-- version: 3
-- source: flow = observed count / observed time, lane by lane (FHWA Traffic Monitoring Guide)
-- needs: hourly-flow, imputed when values=filled
-- parameter: by | varchar | city | one of city, site | what a row stands for, beside the time of day
-- parameter: bin_minutes | integer | 60 | one of 5, 10, 15, 20, 30, 60, 120 | length of a bin
-- parameter: values | varchar | observed | one of observed, filled | filled: imputed values stand in where nothing came or the detector was judged bad
-- column: site_id | | NULL for the city
-- column: site_name | | as at the end of the period
-- column: direction | | as sent; '' is the site's own; NULL for the city
-- column: day_class | | day type by the city's calendar: weekday, school-holiday, saturday, sunday, holiday, event
-- column: time_of_day | | start of the bin by the city's clock
-- column: flow_veh_h | veh/h | of a site: the sum over the lanes observed, each its count / its observed time; city: the mean of its sites
-- column: lanes_observed | | lanes (or devices on one lane) in the figure, all sites together
-- column: lanes_expected | | lanes there are; where more than observed, the flow is that of the lanes observed only
-- column: sites | | sites in the figure
-- column: days | | local dates observed
-- column: count_s | s | observed time, all lanes together
-- column: imputed_share | | of what the row's site (or the city) promised in the whole period, the share that imputed values stand in for; 0 where values is observed
-- caveat: A flow of fewer lanes than expected is not scaled up.
-- caveat: Readings longer than the bin are left out.
WITH counted AS (
  FROM query(CASE WHEN getvariable('bin_minutes')::INTEGER = 60 AND NOT filled()
    THEN 'SELECT site_id, direction, lane, stream, day_type, local_at, count, count_s FROM stream_hours'
    ELSE 'SELECT site_id, direction, lane, stream, day_type, local_at, count, count_s FROM stream_windows
      WHERE count_s > 0 AND window_s <= getvariable(''bin_minutes'')::INTEGER * 60' END)
), months AS (
  SELECT site_id, direction, lane, stream, day_type AS day_class,
    bin_minute(local_at, getvariable('bin_minutes')) AS bin, date_trunc('month', local_at) AS month,
    sum(count) AS count, sum(count_s) AS count_s, bit_count(bit_or(1::BIGINT << (day(local_at) - 1))) AS days
  FROM counted
  GROUP BY ALL
), streams AS (
  SELECT site_id, direction, lane, stream, day_class, bin, sum(count) AS count, sum(count_s) AS count_s, sum(days)::BIGINT AS days
  FROM months
  GROUP BY ALL
), by_site AS (
  SELECT site_id, direction, day_class, bin, sum(flow_veh_h(count, count_s)) AS flow_veh_h,
    count(*) AS lanes_observed, max(days) AS days, sum(count_s) AS count_s
  FROM streams
  GROUP BY ALL
), with_lanes AS (
  SELECT b.*, e.lanes_expected FROM by_site b LEFT JOIN site_streams e USING (site_id, direction)
), whole_sites AS (
  SELECT site_id, day_class, bin, sum(flow_veh_h) AS flow_veh_h, sum(lanes_observed) AS lanes_observed,
    sum(lanes_expected) AS lanes_expected, max(days) AS days, sum(count_s) AS count_s
  FROM with_lanes
  GROUP BY ALL
), chosen AS (
  SELECT site_id, direction, day_class, bin, flow_veh_h, lanes_observed, lanes_expected, 1 AS sites, days, count_s
  FROM with_lanes
  WHERE getvariable('by') = 'site'
  UNION ALL
  SELECT NULL, NULL, day_class, bin, avg(flow_veh_h), sum(lanes_observed), sum(lanes_expected), count(*), max(days),
    sum(count_s)
  FROM whole_sites
  WHERE getvariable('by') = 'city'
  GROUP BY day_class, bin
)
SELECT c.site_id, f.name AS site_name, c.direction, c.day_class, clock_text(c.bin) AS time_of_day, c.flow_veh_h,
  c.lanes_observed::BIGINT AS lanes_observed, c.lanes_expected::BIGINT AS lanes_expected, c.sites::BIGINT AS sites,
  c.days, c.count_s::BIGINT AS count_s,
  coalesce(CASE WHEN c.site_id IS NOT NULL THEN i.imputed_s / i.expected_s
    ELSE (SELECT sum(imputed_s) / sum(expected_s) FROM imputed_sites) END, 0) AS imputed_share
FROM chosen c LEFT JOIN site_facts f USING (site_id) LEFT JOIN imputed_sites i USING (site_id)
ORDER BY site_id, direction, list_position(['weekday', 'school-holiday', 'saturday', 'sunday', 'holiday', 'event'], c.day_class), time_of_day
