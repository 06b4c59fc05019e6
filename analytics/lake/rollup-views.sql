-- Roll-ups that a lake may have: one row for what many windows add up to, kept by days of UTC (analytics/lake/rollups.ts).
-- Empty here; a session of a lake whose roll-ups are of its newest windows puts its files in their place and says so in
-- rollup_tz, the zone whose dates and hours they go by. Without it every view below answers from windows. Sums of whole
-- months (rolled_travel_months, rolled_speed_months, rolled_device_months, rolled_week_hours, rolled_day_hours) are there with rollup_joined_to alone.
RESET VARIABLE rollup_tz;
RESET VARIABLE rollup_network;
RESET VARIABLE rollup_joined_to;
RESET VARIABLE rollup_by_site;
RESET VARIABLE free_flow_kept;
RESET VARIABLE asked_kept;
RESET VARIABLE asked_kept_filled;
RESET VARIABLE any_coarse;
RESET VARIABLE rollup_filled;
CREATE OR REPLACE TEMP VIEW rolled_site_hours AS
SELECT NULL::VARCHAR AS site_id, NULL::VARCHAR AS direction, NULL::TIMESTAMPTZ AS hour_at, NULL::BIGINT AS windows,
  NULL::BIGINT AS count, NULL::BIGINT AS count_s, NULL::BIGINT AS occupancy_s, NULL::BIGINT AS pace_micro_s,
  NULL::BIGINT AS pace_count, NULL::BIGINT AS speed_milli_s, NULL::BIGINT AS speed_s, NULL::BIGINT AS veh_windows,
  NULL::BIGINT AS veh_floored, NULL::BIGINT AS veh_weight, NULL::BIGINT AS veh_pace_us, NULL::BIGINT AS time_windows,
  NULL::BIGINT AS time_floored, NULL::BIGINT AS time_weight, NULL::BIGINT AS time_pace_us
WHERE false;
CREATE OR REPLACE TEMP VIEW rolled_travel_bins AS
SELECT NULL::VARCHAR AS site_id, NULL::VARCHAR AS direction, NULL::DATE AS date, NULL::BOOLEAN AS by_night,
  NULL::BOOLEAN AS little_occupied, NULL::BOOLEAN AS long, NULL::SMALLINT AS bin_kmh, NULL::BIGINT AS windows,
  NULL::BIGINT AS counted_windows, NULL::BIGINT AS floored_windows, NULL::BIGINT AS count,
  NULL::BIGINT AS floored_pace_us, NULL::BIGINT AS samples, NULL::BIGINT AS sample_milli_kmh
WHERE false;
CREATE OR REPLACE TEMP VIEW rolled_speed_hours AS
SELECT NULL::VARCHAR AS site_id, NULL::VARCHAR AS direction, NULL::DATE AS date, NULL::SMALLINT AS of_hour,
  NULL::SMALLINT AS bin_kmh, NULL::BIGINT AS veh_windows, NULL::BIGINT AS time_windows
WHERE false;
CREATE OR REPLACE TEMP VIEW rolled_device_days AS
SELECT NULL::VARCHAR AS kind, NULL::VARCHAR AS device_id, NULL::VARCHAR AS site_id, NULL::VARCHAR AS direction,
  NULL::INTEGER AS lane, NULL::DATE AS date, NULL::TIMESTAMPTZ AS first_at, NULL::TIMESTAMPTZ AS last_at,
  NULL::BIGINT AS windows, NULL::BIGINT AS kept_s, NULL::BIGINT AS count, NULL::BIGINT AS count_s,
  NULL::BIGINT AS hourly_count_s, NULL::BIGINT AS speed_windows, NULL::BIGINT AS occupancy_s,
  NULL::BIGINT AS by_vehicles_windows, NULL::BIGINT AS by_time_windows, NULL::BIGINT AS class_windows, NULL::BIGINT AS drivers_windows, NULL::BIGINT AS interval_windows, NULL::INTEGER AS longest_count_s
WHERE false;
CREATE OR REPLACE TEMP VIEW rolled_bottleneck_steps AS
SELECT NULL::VARCHAR AS corridor_id, NULL::BIGINT AS position, NULL::VARCHAR AS site_id, NULL::DOUBLE AS km,
  NULL::VARCHAR AS downstream_site, NULL::DOUBLE AS downstream_km, NULL::BIGINT AS step, NULL::DOUBLE AS speed_kmh,
  NULL::DOUBLE AS downstream_kmh, NULL::DOUBLE AS queue_km, NULL::DOUBLE AS tail_km, NULL::DOUBLE AS lost_h_per_veh,
  NULL::DOUBLE AS delay_veh_h
WHERE false;

CREATE OR REPLACE TEMP VIEW rolled_corridor_walks AS
SELECT NULL::VARCHAR AS corridor_id, NULL::BIGINT AS step, NULL::DOUBLE AS walked_min, NULL::DOUBLE AS instantaneous_min,
  NULL::INTEGER AS floored_speeds
WHERE false;
CREATE OR REPLACE TEMP VIEW rolled_day_peaks AS
SELECT NULL::VARCHAR AS site_id, NULL::VARCHAR AS direction, NULL::DATE AS date, NULL::DATE AS last_date,
  NULL::BOOLEAN AS before_noon, NULL::BIGINT AS streams, NULL::BIGINT AS quarter, NULL::BIGINT AS hour_count,
  NULL::BIGINT AS most
WHERE false;
CREATE OR REPLACE TEMP VIEW rolled_slow_nights AS
SELECT NULL::VARCHAR AS corridor_id, NULL::BIGINT AS position, NULL::VARCHAR AS site_id, NULL::DOUBLE AS km,
  NULL::DATE AS date, NULL::DOUBLE AS sum_kmh, NULL::DOUBLE AS before_kmh, NULL::DOUBLE AS after_kmh,
  NULL::BIGINT AS slow_steps, NULL::BIGINT AS steps
WHERE false;

-- Whether the asked period keeps to whole local dates, or hours, of the zone that roll-ups go by.
CREATE OR REPLACE TEMP MACRO whole_dates() AS (
  coalesce(getvariable('rollup_tz')::VARCHAR = getvariable('city_tz')::VARCHAR, false)
  AND (NOT isfinite(asked_from()) OR city_time(asked_from()) = date_trunc('day', city_time(asked_from())))
  AND (NOT isfinite(asked_to()) OR city_time(asked_to()) = date_trunc('day', city_time(asked_to())))
);
CREATE OR REPLACE TEMP MACRO whole_hours() AS (
  coalesce(getvariable('rollup_tz')::VARCHAR = getvariable('city_tz')::VARCHAR, false)
  AND (NOT isfinite(asked_from()) OR asked_from() = date_trunc('hour', asked_from()))
  AND (NOT isfinite(asked_to()) OR asked_to() = date_trunc('hour', asked_to()))
  AND minute(city_time(CASE WHEN isfinite(asked_from()) THEN asked_from() ELSE TIMESTAMPTZ '2000-01-01 00:00:00+00' END)) = 0
);
-- Whether it keeps to whole months: begins with one and ends with one, or later than those that are joined.
CREATE OR REPLACE TEMP MACRO whole_months() AS (
  whole_dates() AND getvariable('rollup_joined_to') IS NOT NULL
  AND (NOT isfinite(asked_from()) OR day(city_time(asked_from())) = 1)
  AND (NOT isfinite(asked_to()) OR day(city_time(asked_to())) = 1
    OR city_time(asked_to())::DATE >= getvariable('rollup_joined_to')::DATE)
);
-- Whether roll-ups answer: those of observed values, or with what imputed values change about them (filled-rollups.ts).
CREATE OR REPLACE TEMP MACRO rolled_dates() AS (whole_dates() AND NOT filled());
CREATE OR REPLACE TEMP MACRO rolled_hours() AS (whole_hours() AND NOT filled());
CREATE OR REPLACE TEMP MACRO rolled_months() AS (whole_months() AND NOT filled());
CREATE OR REPLACE TEMP MACRO has_filled() AS (filled() AND coalesce(getvariable('rollup_filled')::BOOLEAN, false));
CREATE OR REPLACE TEMP MACRO asked_first_date() AS
  CASE WHEN isfinite(asked_from()) THEN city_time(asked_from())::DATE ELSE DATE '0001-01-01' END;
CREATE OR REPLACE TEMP MACRO asked_last_date() AS
  CASE WHEN isfinite(asked_to()) THEN city_time(asked_to() - INTERVAL 1 second)::DATE ELSE DATE '9999-12-31' END;

-- Whether an id lies between the least and greatest of the sites asked for, where a caller has noted them (asked_least,
-- asked_greatest) and nothing else was asked for since: what Parquet can be skipped by. `asked_site` still decides.
CREATE OR REPLACE TEMP MACRO asked_text() AS (
  concat_ws(' ', asked_from(), asked_to(), getvariable('corridor_id')::VARCHAR, getvariable('site_ids')::VARCHAR)
);
CREATE OR REPLACE TEMP MACRO near_known() AS (
  coalesce(getvariable('asked_least') IS NOT NULL AND getvariable('asked_noted')::VARCHAR = asked_text(), false)
);
CREATE OR REPLACE TEMP MACRO near_asked_site(id) AS (
  NOT near_known()
  OR (id >= getvariable('asked_least')::VARCHAR AND id <= getvariable('asked_greatest')::VARCHAR)
);

-- The windows of the sites asked for, perhaps among others: over weeks, from files in the order of sites.
CREATE OR REPLACE TEMP VIEW near_windows AS
FROM query(CASE WHEN near_known() AND asked_to() - INTERVAL 14 day > asked_from()
    AND getvariable('rollup_by_site') IS NOT NULL
  THEN 'SELECT * FROM windows_by_site WHERE near_asked_site(site_id)' ELSE 'SELECT * FROM windows' END);
