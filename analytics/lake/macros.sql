-- Derived figures, each in one place. Arguments are sums of the integer columns of `windows`: add first, divide once.
-- Needs the session variable city_tz where local time is meant.

-- Vehicles an hour while counted; NULL where nothing was counted.
CREATE OR REPLACE TEMP MACRO flow_veh_h(count, count_s) AS
  CASE WHEN count_s > 0 THEN count * 3.6e3 / count_s END;

-- Share of time the detector was covered, 0 to 1.
CREATE OR REPLACE TEMP MACRO occupancy_share(occupancy_micro_s, occupancy_s) AS
  CASE WHEN occupancy_s > 0 THEN occupancy_micro_s / 1e6 / occupancy_s END;

-- Space-mean speed: harmonic by vehicles where counts exist, else the mean over time.
CREATE OR REPLACE TEMP MACRO speed_kmh(pace_micro_s, pace_count, speed_milli_s, speed_s) AS
  CASE WHEN pace_count > 0 AND pace_micro_s > 0 THEN 3.6e9 * pace_count / pace_micro_s
       WHEN speed_s > 0 THEN speed_milli_s / 1e3 / speed_s END;

-- What `speed_kmh` of the same sums was weighted by.
CREATE OR REPLACE TEMP MACRO speed_basis(pace_count, speed_s) AS
  CASE WHEN pace_count > 0 THEN 'vehicles' WHEN speed_s > 0 THEN 'time' END;

-- Wall clock of the city.
CREATE OR REPLACE TEMP MACRO city_time(moment) AS timezone(coalesce(getvariable('city_tz')::VARCHAR, 'UTC'), moment);

-- The moment at which a wall clock of the city showed this; the first where it did twice.
CREATE OR REPLACE TEMP MACRO city_moment(wall) AS
  timezone(coalesce(getvariable('city_tz')::VARCHAR, 'UTC'), wall::TIMESTAMP);

-- 0 = Monday 00:00 to 01:00 by the wall clock, 167 = Sunday 23:00 to 24:00.
CREATE OR REPLACE TEMP MACRO hour_of_week(wall) AS ((isodow(wall) - 1) * 24 + hour(wall))::SMALLINT;

-- 'weekday', 'saturday' or 'sunday' of a wall clock or date: what a day is where the calendar says nothing else.
CREATE OR REPLACE TEMP MACRO weekday_type(wall) AS
  CASE isodow(wall) WHEN 6 THEN 'saturday' WHEN 7 THEN 'sunday' ELSE 'weekday' END;

-- Whether a day type (`day_type`) is one of the days called so. A holiday or an event is neither weekday nor weekend.
CREATE OR REPLACE TEMP MACRO on_days(day_type, days) AS
  CASE days WHEN 'all' THEN true
    WHEN 'weekdays' THEN day_type IN ('weekday', 'school-holiday')
    WHEN 'school-days' THEN day_type = 'weekday'
    WHEN 'weekends' THEN day_type IN ('saturday', 'sunday')
    WHEN 'holidays' THEN day_type = 'holiday'
    WHEN 'events' THEN day_type = 'event'
    ELSE error('days is all, weekdays, school-days, weekends, holidays or events, not ' || days) END;

-- Period class of 23 CFR 490.511: Monday to Friday in three, the weekend's day in one, and the night of every day.
CREATE OR REPLACE TEMP MACRO period_class(wall) AS
  CASE WHEN hour(wall) < 6 OR hour(wall) >= 20 THEN 'night 20-06'
    WHEN isodow(wall) >= 6 THEN 'weekend 06-20'
    WHEN hour(wall) < 10 THEN 'weekday 06-10'
    WHEN hour(wall) < 16 THEN 'weekday 10-16'
    ELSE 'weekday 16-20' END;

-- Minute of the day at which the wall clock's bin of so many minutes begins.
CREATE OR REPLACE TEMP MACRO bin_minute(wall, minutes) AS
  ((hour(wall) * 60 + minute(wall)) // minutes * minutes)::SMALLINT;

-- Whether imputed values stand in where nothing came or a detector was bad (parameter `values` of the measures).
CREATE OR REPLACE TEMP MACRO filled() AS (coalesce(getvariable('values')::VARCHAR = 'filled', false));

-- The asked period, half-open; all time where it is not set.
CREATE OR REPLACE TEMP MACRO asked_from() AS coalesce(getvariable('from_at')::TIMESTAMPTZ, TIMESTAMPTZ '-infinity');
CREATE OR REPLACE TEMP MACRO asked_to() AS coalesce(getvariable('to_at')::TIMESTAMPTZ, TIMESTAMPTZ 'infinity');

-- Microseconds by which the city's hours lie off UTC's: 0, or 30 or 45 minutes in a few zones. One value for the session:
-- a zone that shifts by half an hour (Lord Howe) has it as it was at the start of the period.
CREATE OR REPLACE TEMP MACRO hour_shift_us() AS (
  SELECT (epoch_us(city_time(since)) - epoch_us(since)) % 3600000000
  FROM (SELECT CASE WHEN isfinite(asked_from()) THEN asked_from() ELSE TIMESTAMPTZ '2000-01-01 00:00:00+00' END AS since)
);

-- The moment at which the bin of so many minutes (a divisor of 60, or a multiple that divides the day) began. An hour
-- that the clock shows twice makes two bins where bins are an hour or shorter.
CREATE OR REPLACE TEMP MACRO bin_start(moment, minutes) AS
  CASE WHEN minutes <= 60
    THEN make_timestamptz((epoch_us(moment) + hour_shift_us()) // (minutes::BIGINT * 60000000) * (minutes::BIGINT * 60000000)
      - hour_shift_us())
    ELSE city_moment(date_trunc('day', city_time(moment)) + to_minutes(bin_minute(city_time(moment), minutes))) END;

-- The start of the city's clock hour that holds the moment.
CREATE OR REPLACE TEMP MACRO hour_start(moment) AS
  make_timestamptz((epoch_us(moment) + hour_shift_us()) // 3600000000 * 3600000000 - hour_shift_us());

-- Seconds of a local date: 82,800 and 90,000 on the days with a clock change.
CREATE OR REPLACE TEMP MACRO day_seconds(date) AS
  ((epoch_ms(city_moment(date + 1)) - epoch_ms(city_moment(date))) // 1000);

-- 485 -> '08:05'.
CREATE OR REPLACE TEMP MACRO clock_text(minute_of_day) AS
  printf('%02d:%02d', (minute_of_day // 60)::INTEGER, (minute_of_day % 60)::INTEGER);

-- The value below which the share q of a histogram of 1 km/h bins lies, straight within a bin; NULL where it is empty.
CREATE OR REPLACE TEMP MACRO histogram_quantile(histogram, q) AS (
  SELECT min_by(kmh + (q * total - (up_to - weight)) / weight, kmh)
  FROM (
    SELECT kmh, weight, sum(weight) OVER (ORDER BY kmh) AS up_to, sum(weight) OVER () AS total
    FROM (SELECT unnest(map_keys(histogram)) AS kmh, unnest(map_values(histogram)) AS weight)
  )
  WHERE weight > 0 AND up_to >= q * total
);

-- Speed below which travel is not believed to get slower (delay, travel time): 5 km/h.
CREATE OR REPLACE TEMP MACRO floor_kmh() AS 5e0;

-- Hours that the length takes at the speed, floored; NULL without a speed (`greatest` alone would make it the floor).
CREATE OR REPLACE TEMP MACRO travel_h(length_km, speed_kmh) AS
  CASE WHEN speed_kmh IS NOT NULL THEN length_km / greatest(speed_kmh, floor_kmh()) END;

-- The 97.5th percentile of Student's t, within 2 % from 2 degrees of freedom on.
CREATE OR REPLACE TEMP MACRO t_tail(df) AS 1.96 + 2.4 / df + 4.5 / (df * df);

-- Great-circle distance in kilometres.
CREATE OR REPLACE TEMP MACRO distance_km(lat1, lon1, lat2, lon2) AS
  12742 * asin(sqrt(pow(sin(radians(lat2 - lat1) / 2), 2)
    + cos(radians(lat1)) * cos(radians(lat2)) * pow(sin(radians(lon2 - lon1) / 2), 2)));

-- Effective vehicle length in metres, g = v * occ / q: km/h, 0 to 1, vehicles an hour and lane.
CREATE OR REPLACE TEMP MACRO implied_length_m(speed_kmh, occupancy, flow_veh_h) AS
  CASE WHEN flow_veh_h > 0 AND occupancy > 0 THEN speed_kmh * 1000 * occupancy / flow_veh_h END;
