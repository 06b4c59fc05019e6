/**
 * Vehicles by quarters of an hour, of windows of up to 15 minutes: what peak hours are found in. A day of a device, direction
 * and lane is one row with its quarters side by side, so that a year of a thousand is 365,000 rows and not 35 million.
 */

const QUARTERS = 96;
const each = (of: (n: number) => string, by = ',\n  '): string =>
  Array.from({ length: QUARTERS }, (_, n) => of(n)).join(by);

/** What a session needs to answer: the days, empty until it has roll-ups, and their sums over the days asked for. */
export function quarterCountsSql(): string {
  return `
CREATE OR REPLACE TEMP VIEW rolled_quarter_days AS
SELECT NULL::VARCHAR AS device_id, NULL::VARCHAR AS site_id, NULL::VARCHAR AS direction, NULL::INTEGER AS lane,
  NULL::DATE AS date, ${each((n) => `NULL::INTEGER AS count_${n}, NULL::INTEGER AS s_${n}`)}
WHERE false;

CREATE OR REPLACE TEMP VIEW rolled_mean_quarters AS
SELECT device_id, site_id, direction, lane, (unnest(range(${QUARTERS})) * 15)::SMALLINT AS bin,
  unnest([${each((n) => `sum(count_${n})`, ', ')}]::BIGINT[]) AS count,
  unnest([${each((n) => `sum(s_${n})`, ', ')}]::BIGINT[]) AS count_s,
  unnest([${each((n) => `count(s_${n})`, ', ')}]::BIGINT[]) AS days
FROM rolled_quarter_days
WHERE date >= asked_first_date() AND date <= asked_last_date() AND near_asked_site(site_id) AND asked_site(site_id)
  AND date IN (SELECT d.date FROM (SELECT date, day_type(date) AS day_type FROM (SELECT DISTINCT date FROM rolled_quarter_days)) d
    WHERE on_days(d.day_type, getvariable('days')))
GROUP BY device_id, site_id, direction, lane;
`;
}

/** What a session needs besides to make the roll-ups. */
export function quarterRollupsSql(): string {
  return `CREATE OR REPLACE TEMP VIEW quarter_counts AS
SELECT device_id, site_id, direction, lane, epoch_us(start_at) // 900000000 AS quarter, sum(count)::BIGINT AS count,
  sum(least(count_s, window_s))::BIGINT AS count_s
FROM asked_windows
WHERE count_s > 0 AND window_s <= 900
GROUP BY device_id, site_id, direction, lane, quarter;

CREATE OR REPLACE TEMP VIEW rollup_quarter_counts AS SELECT * FROM quarter_counts;

CREATE OR REPLACE TEMP VIEW window_quarter_days AS
WITH clock AS (
  SELECT quarter, local_at::DATE AS date, bin_minute(local_at, 15) // 15 AS bin
  FROM (
    SELECT quarter, city_time(make_timestamptz(quarter * 900000000)) AS local_at
    FROM (SELECT DISTINCT quarter FROM rollup_quarter_counts)
    WHERE make_timestamptz(quarter * 900000000) >= asked_from() AND make_timestamptz(quarter * 900000000) < asked_to()
  )
), binned AS MATERIALIZED (
  SELECT device_id, site_id, direction, lane, date, bin, sum(count) AS count, sum(count_s) AS count_s
  FROM rollup_quarter_counts JOIN clock USING (quarter)
  GROUP BY device_id, site_id, direction, lane, date, bin
)
SELECT device_id, site_id, direction, lane, date,
  ${each((n) => `counts[${n + 1}]::INTEGER AS count_${n}, counted_s[${n + 1}]::INTEGER AS s_${n}`)}
FROM (
  -- In order, by lists: a sum for each of 192 columns takes longer to be planned than all of this to be run.
  SELECT device_id, site_id, direction, lane, date, list(count ORDER BY bin) AS counts, list(count_s ORDER BY bin) AS counted_s
  FROM (SELECT DISTINCT device_id, site_id, direction, lane, date FROM binned)
  CROSS JOIN (SELECT unnest(range(${QUARTERS})) AS bin)
  LEFT JOIN binned USING (device_id, site_id, direction, lane, date, bin)
  GROUP BY device_id, site_id, direction, lane, date
);

CREATE OR REPLACE TEMP VIEW window_day_peaks AS
WITH streams AS (
  SELECT site_id, direction, quarter, sum(count) AS count
  FROM rollup_quarter_counts LEFT JOIN device_streams d USING (device_id, site_id)
  GROUP BY site_id, direction, lane, coalesce(d.stream, device_id), quarter
  HAVING sum(count_s) >= coalesce(getvariable('complete_share')::DOUBLE, 0.95) * 900
), bins AS (
  SELECT site_id, direction, quarter, sum(count)::BIGINT AS count, count(*) AS streams FROM streams
  GROUP BY site_id, direction, quarter
), hours AS (
  SELECT site_id, direction, quarter, sum(count) OVER hour AS hour_count, max(count) OVER hour AS most,
    min(streams) OVER hour AS streams, count(*) OVER hour AS bins
  FROM bins
  WINDOW hour AS (PARTITION BY site_id, direction ORDER BY quarter RANGE BETWEEN CURRENT ROW AND 3 FOLLOWING)
), clock AS (
  SELECT quarter, city_time(make_timestamptz(quarter * 900000000)) AS local_at,
    city_time(make_timestamptz((quarter + 3) * 900000000)) AS last_at
  FROM (SELECT DISTINCT quarter FROM bins)
  WHERE make_timestamptz(quarter * 900000000) >= asked_from() AND make_timestamptz(quarter * 900000000) < asked_to()
)
SELECT site_id, direction, local_at::DATE AS date, last_at::DATE AS last_date, hour(local_at) < 12 AS before_noon, streams,
  arg_max(quarter, (hour_count, -quarter)) AS quarter, max(hour_count)::BIGINT AS hour_count,
  arg_max(most, (hour_count, -quarter)) AS most
FROM hours JOIN clock USING (quarter)
WHERE bins = 4
GROUP BY site_id, direction, local_at::DATE, last_at::DATE, hour(local_at) < 12, streams;
`;
}
