/**
 * What each site was promised and what came of it, by local month: days stand side by side in columns, so that a year of
 * a thousand devices is twelve thousand rows and not 365,000. For whoever asks whole months (`rolled_months()`).
 * `due_days` has bit n - 1 set where something was promised on the n-th; `least_share` is the least observed of any day.
 */
export function promisedMonthsSql(): string {
  return `
CREATE OR REPLACE TEMP VIEW worked_promised_months AS
FROM query(CASE WHEN whole_months() THEN '${ofMonths.replaceAll("'", "''")}'
  ELSE 'SELECT NULL::VARCHAR AS site_id, NULL::DATE AS date, NULL::BIGINT AS expected_s, NULL::BIGINT AS observed_s,
    NULL::BIGINT AS due_days, NULL::DOUBLE AS least_share WHERE false' END);
CREATE OR REPLACE TEMP VIEW promised_months AS
FROM query('SELECT * FROM ' || CASE WHEN asked_is_kept() THEN CASE WHEN filled() THEN 'kept_filled_promised_months' ELSE 'kept_promised_months' END
  ELSE 'worked_promised_months' END);
`;
}

const each = (of: (n: number) => string, by = ', '): string =>
  Array.from({ length: 31 }, (_, i) => of(i + 1)).join(by);

const ofMonths = `
WITH owed AS MATERIALIZED (
  SELECT device_id, site_id, direction, lane, epoch_us(owed_from) AS from_us, epoch_us(owed_to) AS to_us,
    unnest(generate_series(date_trunc('month', city_time(owed_from)), city_time(owed_to), INTERVAL 1 month))::DATE AS date
  FROM promises
), months AS (
  SELECT date, ${each((n) => `epoch_us(city_moment(least(date + ${n - 1}, next))) AS from_${n}`)}, epoch_us(city_moment(next)) AS from_32
  FROM (SELECT date, (date + INTERVAL 1 month)::DATE AS next FROM (SELECT DISTINCT date FROM owed))
), due AS (
  SELECT device_id, site_id, direction, lane, date,
    ${each((n) => `sum(greatest(0, least(to_us, from_${n + 1}) - greatest(from_us, from_${n})) // 1000000)::BIGINT AS due_${n}`)}
  FROM owed JOIN months USING (date)
  GROUP BY device_id, site_id, direction, lane, date
), came AS (
  SELECT device_id, site_id, direction, lane, date, ${each((n) => `sum(kept_${n})::BIGINT AS kept_${n}`)}
  FROM rolled_device_months
  WHERE date >= asked_first_date() AND date <= asked_last_date() AND near_asked_site(site_id) AND asked_site(site_id)
  GROUP BY device_id, site_id, direction, lane, date
), summed AS (
  SELECT site_id, date, ${each((n) => `sum(due_${n})::BIGINT AS due_${n}, sum(least(coalesce(kept_${n}, 0), due_${n}))::BIGINT AS kept_${n}`)}
  FROM due LEFT JOIN came USING (device_id, site_id, direction, lane, date)
  GROUP BY site_id, date
)
SELECT site_id, date, ${each((n) => `due_${n}`, ' + ')} AS expected_s, ${each((n) => `kept_${n}`, ' + ')} AS observed_s,
  (${each((n) => `CASE WHEN due_${n} > 0 THEN ${2 ** (n - 1)} ELSE 0 END`, ' + ')})::BIGINT AS due_days,
  least(${each((n) => `CASE WHEN due_${n} > 0 THEN kept_${n} / due_${n} END`)}) AS least_share
FROM summed`;
