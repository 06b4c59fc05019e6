-- title: Annual average daily traffic (FHWA, by hours)
-- question: How many vehicles pass each site on the average day of the year, where days have gaps?
-- version: 2
-- source: FHWA hour-based method: MADT_m = sum_j w_jm sum_h mean(VOL_hjm) / sum_j w_jm, AADT = sum d_m MADT_m / sum d_m (Traffic Monitoring Guide 2022; Jessberger et al. 2016)
-- needs: hourly-flow, imputed when values=filled
-- parameter: complete_share | double | 0.95 | | an hour counts when its lanes were observed for this share of it
-- parameter: values | varchar | observed | one of observed, filled | filled: imputed values stand in where nothing came or the detector was judged bad
-- column: site_id | | the site
-- column: site_name | | as at the end of the period
-- column: direction | | as sent; '' is the site's own
-- column: year | | local year
-- column: aadt_veh_day | veh/day | NULL where a month is missing
-- column: months | | months with every hour of every weekday seen at least once
-- column: mean_madt_veh_day | veh/day | of those months, weighted by their days
-- column: hours | | complete hours in the figure
-- column: first_date | | first local date
-- column: last_date | | last local date
-- column: imputed_share | | of what the row's site promised in the whole period, the share that imputed values stand in for; 0 where values is observed
-- caveat: Partial days are kept: an hour of one Tuesday stands for that hour on the month's other Tuesdays.
WITH numbered AS MATERIALIZED (
  -- Millions of cells are told apart by one number each: by names and dates it takes several times as long.
  SELECT site_id, direction, row_number() OVER (ORDER BY site_id, direction) AS way_no FROM site_streams
), cells AS (
  SELECT (way_no * 30000 + year(month) * 12 + month(month) - 1) * 168 + hour_of_week AS cell_no,
    sum(volume) / sum(hours) AS mean_volume, sum(hours)::BIGINT AS hours, min(first_date) AS first_date, max(last_date) AS last_date
  FROM volume_cells JOIN numbered USING (site_id, direction)
  GROUP BY cell_no
), weekday_sums AS (
  SELECT cell_no // 24 AS weekday_no, sum(mean_volume) AS day_volume, count(*) AS clock_hours,
    sum(hours) AS hours, min(first_date) AS first_date, max(last_date) AS last_date
  FROM cells
  GROUP BY weekday_no
), weekdays AS (
  SELECT n.site_id, n.direction, weekday_no // 7 % 30000 // 12 AS year, weekday_no // 7 % 12 + 1 AS month, weekday_no % 7 + 1 AS weekday,
    day_volume, clock_hours, hours, first_date, last_date
  FROM weekday_sums w JOIN numbered n ON n.way_no = w.weekday_no // 210000
), calendar_months AS (
  SELECT year(day) AS year, month(day) AS month, isodow(day) AS weekday, count(*) AS w
  FROM (
    SELECT unnest(generate_series(make_date(year, 1, 1), make_date(year, 12, 31), INTERVAL 1 day))::DATE AS day
    FROM (SELECT DISTINCT year FROM weekdays)
  )
  GROUP BY ALL
), months AS (
  SELECT d.site_id, d.direction, d.year, d.month, sum(c.w * d.day_volume) / sum(c.w) AS madt, sum(c.w) AS days,
    sum(d.hours) AS hours, min(d.first_date) AS first_date, max(d.last_date) AS last_date,
    count(*) = 7 AND min(d.clock_hours) = 24 AS whole
  FROM weekdays d JOIN calendar_months c USING (year, month, weekday)
  GROUP BY d.site_id, d.direction, d.year, d.month
)
SELECT m.site_id, f.name AS site_name, m.direction, m.year::INTEGER AS year,
  CASE WHEN count(*) FILTER (whole) = 12 THEN sum(madt * days) FILTER (whole) / sum(days) FILTER (whole) END AS aadt_veh_day,
  count(*) FILTER (whole)::INTEGER AS months,
  sum(madt * days) FILTER (whole) / sum(days) FILTER (whole) AS mean_madt_veh_day, sum(hours)::BIGINT AS hours,
  min(first_date) AS first_date, max(last_date) AS last_date, coalesce(any_value(i.imputed_s / i.expected_s), 0) AS imputed_share
FROM months m LEFT JOIN site_facts f USING (site_id) LEFT JOIN imputed_sites i USING (site_id)
GROUP BY m.site_id, f.name, m.direction, m.year
ORDER BY m.site_id, m.year, m.direction
