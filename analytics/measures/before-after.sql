-- title: Before and after
-- question: By how much did traffic change at these sites beyond what changed everywhere else, and how sure is that?
-- version: 2
-- source: difference in differences of log weekly traffic against comparison sites chosen by rule; interval by bootstrap over roads and weeks: weeks drawn one less than there are (McCarthy and Snowden 1985), a road's own change drawn from those of the comparison roads (Conley and Taber 2011) as far as their weeks do not explain them (two-way clusters: Cameron, Gelbach and Miller 2011), t distribution with Satterthwaite's degrees of freedom; placebo date and smallest visible change beside it
-- needs: flow, treated
-- parameter: treated | varchar | none | | the sites where something changed, parted by commas or spaces; without them nothing is computed
-- parameter: change_at | timestamptz | none | | when it changed; the local date counts to neither side; none: the middle of the period
-- parameter: days | varchar | weekdays | one of all, weekdays, school-days, weekends, holidays, events | days of the city's calendar
-- parameter: comparisons | integer | 20 | | comparison sites at most
-- parameter: least_correlation | double | 0.5 | | of a comparison site's days with those of the treated, before the change
-- parameter: replicates | integer | 1000 | | bootstrap samples
-- parameter: seed | integer | 1 | | of the bootstrap: the same seed gives the same interval
-- parameter: complete_share | double | 0.95 | | a local day is complete when every lane was observed for this share of it
-- column: comparison | | change: at the date given; placebo: at the middle of the weeks before it, where nothing changed
-- column: change_date | | local date
-- column: effect | | share by which the treated changed beyond the comparison sites
-- column: low | | lower end of the 95 % interval; NULL with fewer than three weeks on a side
-- column: high | | upper end
-- column: told_from_nothing | | the interval does not hold 0
-- column: smallest_visible | | smallest change that would be told from nothing in four of five studies like this one
-- column: interval_over | | what the interval allows for: roads and weeks; weeks alone with fewer than three comparison roads
-- column: treated_before_veh_day | veh/day | mean day of the treated sites before
-- column: treated_after_veh_day | veh/day | and after
-- column: treated_sites | | sites in the figure
-- column: treated_roads | | roads they lie on: the sites of one road count as one where chance is judged
-- column: comparison_sites | | sites it is compared with
-- column: comparison_roads | | roads those lie on
-- column: weeks_before | | whole weeks
-- column: weeks_after | | whole weeks
-- column: comparison_list | | the sites compared with
-- caveat: Comparison sites are those on other roads (and corridors) than the treated, complete in as many weeks, whose days before the change go up and down with those of the treated: chosen without a look at what came after.
-- caveat: What else changed at the treated sites alone, on the same date, is in the figure.
-- caveat: With fewer than three comparison roads the interval allows for chance from week to week only, not for what a road does of its own accord.
-- caveat: Weeks are Monday to Sunday; a week counts where a site was complete on every one of its days that are asked for.
WITH asked AS (
  SELECT DISTINCT trim(site) AS site_id
  FROM (SELECT unnest(regexp_split_to_array(trim(getvariable('treated')), '[ ,;]+')) AS site)
), volumes AS MATERIALIZED (
  SELECT site_id, date, day_type, volume, complete FROM way_volumes WHERE way IN ('all', 'only')
), dates AS MATERIALIZED (
  SELECT date, date_trunc('week', date)::DATE AS week FROM volumes
  WHERE on_days(day_type, getvariable('days'))
  GROUP BY ALL
), weeks AS (
  SELECT week, count(*) AS days FROM dates GROUP BY week
  HAVING city_moment(week) >= asked_from() AND city_moment(week + 7) <= asked_to()
), site_weeks AS MATERIALIZED (
  SELECT v.site_id, d.week, avg(v.volume) AS volume
  FROM volumes v JOIN dates d USING (date) JOIN weeks w USING (week)
  WHERE v.complete AND v.volume > 0
  GROUP BY v.site_id, d.week
  HAVING count(*) = any_value(w.days)
), real_change AS (
  SELECT coalesce(city_time(getvariable('change_at')::TIMESTAMPTZ)::DATE, min(week) + ((max(week) + 7 - min(week)) // 14 * 7)::INTEGER) AS date
  FROM weeks
), changes AS (
  SELECT 'change' AS comparison, date, DATE '0001-01-01' AS first_week, DATE '9999-12-31' AS last_week FROM real_change
  UNION ALL
  SELECT 'placebo', min(w.week) + ((r.date - min(w.week)) // 14 * 7)::INTEGER, DATE '0001-01-01', r.date - 7
  FROM weeks w, real_change r WHERE w.week + 7 <= r.date GROUP BY r.date
), sided AS MATERIALIZED (
  SELECT c.comparison, c.date AS change_date, s.site_id, s.week, ln(s.volume) AS y, s.volume, s.week >= c.date AS after,
    s.site_id IN (SELECT a.site_id FROM asked a) AS treated
  FROM site_weeks s, changes c
  WHERE s.week >= c.first_week AND s.week <= c.last_week AND (s.week + 7 <= c.date OR s.week >= c.date)
), whole AS (
  SELECT comparison, site_id, any_value(treated) AS treated
  FROM sided
  GROUP BY comparison, site_id
  HAVING count(*) FILTER (NOT after) >= 0.8 * (
      SELECT max(n) FROM (SELECT x.comparison, count(DISTINCT x.week) AS n FROM sided x WHERE NOT x.after GROUP BY ALL) m
      WHERE m.comparison = sided.comparison)
    AND count(*) FILTER (after) >= 0.8 * (
      SELECT max(n) FROM (SELECT x.comparison, count(DISTINCT x.week) AS n FROM sided x WHERE x.after GROUP BY ALL) m
      WHERE m.comparison = sided.comparison)
), treated_roads AS (
  SELECT f.road, f.corridor_id FROM asked JOIN site_facts f USING (site_id)
), days_before AS (
  SELECT w.comparison, w.site_id, w.treated, v.date, ln(v.volume) AS y
  FROM whole w JOIN changes c USING (comparison) JOIN volumes v ON v.site_id = w.site_id
  WHERE v.complete AND v.volume > 0 AND v.date < c.date
), treated_days AS (
  SELECT comparison, date, avg(y) AS y FROM days_before WHERE treated GROUP BY ALL
), alike AS (
  SELECT d.comparison, d.site_id, coalesce(corr(d.y, t.y), 0) AS correlation
  FROM days_before d JOIN treated_days t ON t.comparison = d.comparison AND t.date = d.date
  LEFT JOIN site_facts f ON f.site_id = d.site_id
  WHERE NOT d.treated
    AND NOT EXISTS (SELECT 1 FROM treated_roads r WHERE r.road = f.road OR r.corridor_id = f.corridor_id)
  GROUP BY d.comparison, d.site_id
), ranked AS (
  SELECT a.*, coalesce(f.corridor_id, f.road, a.site_id) AS road,
    row_number() OVER (PARTITION BY comparison, coalesce(f.corridor_id, f.road, a.site_id)
      ORDER BY correlation DESC, a.site_id) AS of_road
  FROM alike a LEFT JOIN site_facts f USING (site_id)
  WHERE correlation >= getvariable('least_correlation')
), chosen AS (
  -- A road's most alike site first, then the second of each road: sites of one road say nearly the same.
  SELECT comparison, site_id FROM ranked
  QUALIFY row_number() OVER (PARTITION BY comparison ORDER BY of_road, correlation DESC, site_id)
    <= getvariable('comparisons')
), used AS MATERIALIZED (
  SELECT s.*, coalesce(f.corridor_id, f.road, s.site_id) AS road
  FROM sided s JOIN whole w USING (comparison, site_id) LEFT JOIN site_facts f ON f.site_id = s.site_id
  WHERE w.treated OR (s.comparison, s.site_id) IN (SELECT (comparison, site_id) FROM chosen)
), site_bases AS (
  SELECT comparison, site_id, avg(y) AS y FROM used WHERE NOT after GROUP BY ALL
), road_sizes AS (
  -- What a road counts for: of the treated as many as it has sites, of the others each the same.
  SELECT comparison, treated, road, CASE WHEN treated THEN count(DISTINCT site_id) ELSE 1 END AS sites
  FROM used GROUP BY comparison, treated, road
), road_weeks AS MATERIALIZED (
  -- Each site against its own mean before, so that a week it lacks moves nothing but the noise.
  SELECT u.comparison, u.treated, u.road, u.after, u.week, avg(u.y - b.y) AS y
  FROM used u JOIN site_bases b USING (comparison, site_id)
  GROUP BY ALL
), group_weeks AS (
  SELECT w.comparison, w.treated, w.after, w.week, sum(w.y * z.sites) / sum(z.sites) AS y
  FROM road_weeks w JOIN road_sizes z USING (comparison, treated, road)
  GROUP BY ALL
), gaps AS MATERIALIZED (
  SELECT t.comparison, t.after, t.week, t.y - c.y AS y,
    row_number() OVER (PARTITION BY t.comparison, t.after ORDER BY t.week) AS n,
    count(*) OVER (PARTITION BY t.comparison, t.after) AS weeks
  FROM group_weeks t JOIN group_weeks c USING (comparison, after, week)
  WHERE t.treated AND NOT c.treated
), sides AS (
  SELECT comparison, after, avg(y) AS y, count(*) AS weeks, var_samp(y) / count(*) AS variance FROM gaps GROUP BY ALL
), effects AS (
  SELECT comparison, sum(CASE WHEN after THEN y ELSE -y END) AS d,
    max(weeks) FILTER (NOT after) AS weeks_before, max(weeks) FILTER (after) AS weeks_after,
    sum(variance) AS week_variance, sum(variance ** 2 / (weeks - 1)) AS week_variance_spread
  FROM sides WHERE weeks >= 2 GROUP BY comparison HAVING count(*) = 2
), road_changes AS (
  -- How each comparison road changed, and the variance that its weeks alone would give that.
  SELECT comparison, road, sum(CASE WHEN after THEN y ELSE -y END) AS d, sum(variance) AS variance
  FROM (
    SELECT w.comparison, w.road, w.after, avg(w.y - c.y) AS y, var_samp(w.y - c.y) / count(*) AS variance
    FROM road_weeks w JOIN group_weeks c ON c.comparison = w.comparison AND c.week = w.week AND c.after = w.after
      AND NOT c.treated
    WHERE NOT w.treated
    GROUP BY ALL
  )
  GROUP BY ALL HAVING count(variance) = 2
), between_roads AS (
  SELECT comparison, count(*) AS roads, avg(d) AS d,
    CASE WHEN count(*) >= 3 AND var_samp(d) > 0 THEN greatest(0, 1 - avg(variance) / var_samp(d)) ELSE 0 END AS own_share,
    var_samp(d) AS variance
  FROM road_changes GROUP BY comparison
), own_changes AS (
  -- What a road does of its own accord: the comparison roads' changes about their mean, as far as their weeks do not
  -- explain them.
  SELECT c.comparison, (c.d - r.d) * sqrt(r.own_share * r.roads / (r.roads - 1)) AS d,
    row_number() OVER (PARTITION BY c.comparison ORDER BY c.road) AS n, r.roads
  FROM road_changes c JOIN between_roads r USING (comparison)
  WHERE r.own_share > 0
), shares AS (
  SELECT comparison, treated, road, (CASE WHEN treated THEN sites ELSE -sites END)
    / sum(sites) OVER (PARTITION BY comparison, treated) AS share
  FROM road_sizes
), samples AS (
  SELECT unnest(range(getvariable('replicates'))) AS r
), drawn_weeks AS (
  -- One week less than there are, so that few weeks spread as far as they should (McCarthy and Snowden 1985).
  SELECT r, comparison, after, avg(y) AS y
  FROM (
    SELECT r, comparison, after,
      1 + drawn(concat_ws('/', getvariable('seed'), 'week', r, comparison, after, i), weeks) AS n
    FROM (
      SELECT comparison, after, weeks, unnest(range(1, weeks)) AS i
      FROM (SELECT DISTINCT comparison, after, weeks FROM gaps)
    ), samples
  ) s JOIN gaps g USING (comparison, after, n)
  GROUP BY ALL
), drawn_roads AS (
  SELECT r, comparison, sum(share * d) AS d
  FROM (
    SELECT r, comparison, share,
      1 + drawn(concat_ws('/', getvariable('seed'), 'road', r, comparison, treated, road), roads) AS n
    FROM shares JOIN between_roads USING (comparison), samples
  ) h JOIN own_changes o USING (comparison, n)
  GROUP BY ALL
), resampled AS (
  SELECT w.r, w.comparison, sum(CASE WHEN w.after THEN w.y ELSE -w.y END) + coalesce(any_value(o.d), 0) AS d
  FROM drawn_weeks w LEFT JOIN drawn_roads o USING (r, comparison)
  GROUP BY ALL
), spreads AS (
  SELECT comparison, stddev_samp(d) AS se FROM resampled GROUP BY comparison
), sizes AS (
  SELECT u.comparison, count(DISTINCT site_id) FILTER (treated) AS treated_sites,
    count(DISTINCT road) FILTER (treated) AS treated_roads,
    count(DISTINCT site_id) FILTER (NOT treated) AS comparison_sites,
    count(DISTINCT road) FILTER (NOT treated) AS comparison_roads,
    avg(volume) FILTER (treated AND NOT after) AS before_volume, avg(volume) FILTER (treated AND after) AS after_volume
  FROM used u GROUP BY u.comparison
), own_variances AS (
  SELECT h.comparison, any_value(r.own_share * r.variance) * sum(h.share ** 2) AS variance, any_value(r.roads) AS roads
  FROM shares h JOIN between_roads r USING (comparison) GROUP BY h.comparison
), judged AS (
  -- Degrees of freedom after Satterthwaite (1946): of the weeks before, those after, and the comparison roads.
  SELECT e.*, z.* EXCLUDE (comparison), CASE WHEN least(e.weeks_before, e.weeks_after) >= 3 THEN p.se * t_tail(
      coalesce((e.week_variance + coalesce(o.variance, 0)) ** 2
        / nullif(e.week_variance_spread + coalesce(o.variance ** 2 / nullif(o.roads - 1, 0), 0), 0), 1)) END AS half
  FROM effects e JOIN spreads p USING (comparison) JOIN sizes z USING (comparison)
  LEFT JOIN own_variances o USING (comparison)
)
SELECT j.comparison, c.date AS change_date, exp(d) - 1 AS effect, round(exp(d - half) - 1, 9) AS low,
  round(exp(d + half) - 1, 9) AS high,
  coalesce(abs(d) > half, false) AS told_from_nothing, round(exp(1.43 * half) - 1, 9) AS smallest_visible,
  CASE WHEN half IS NULL THEN NULL WHEN comparison_roads >= 3 THEN 'roads and weeks' ELSE 'weeks' END AS interval_over,
  before_volume AS treated_before_veh_day, after_volume AS treated_after_veh_day, treated_sites, treated_roads,
  comparison_sites, comparison_roads, weeks_before, weeks_after,
  (SELECT string_agg(site_id, ', ' ORDER BY site_id) FROM chosen x WHERE x.comparison = j.comparison) AS comparison_list
FROM judged j JOIN changes c USING (comparison)
ORDER BY j.comparison
