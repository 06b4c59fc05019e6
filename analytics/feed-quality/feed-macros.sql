-- What is asked of the feeds, and where the answer is looked for. Limits are session variables, each with its default: stale_feed_s 65,
-- silent_feed_s 300, stale_vehicle_s 90, frozen_min 10, stuck_min 20, max_kmh 150, behind_s 300. A lake sets when it is opened
-- (feed-days.ts): feed_sums_tz, whose dates the sums are of, feed_summed_dates and feed_unsummed_dates; and feed_days_kept,
-- which says of what period and limits the table kept_feed_days is. While dates are worked out piece by piece (feed-pieces.ts):
-- feed_pieces and feed_piece, a share of the vehicles; feed_pieces_kept and feed_runs_kept, that there are tables of what is done.
RESET VARIABLE feed_sums_tz;
RESET VARIABLE feed_summed_dates;
RESET VARIABLE feed_unsummed_dates;
RESET VARIABLE feed_days_kept;
RESET VARIABLE feed_pieces;
RESET VARIABLE feed_piece;
RESET VARIABLE feed_pieces_kept;
RESET VARIABLE feed_runs_kept;

CREATE OR REPLACE TEMP MACRO feed_limit(given, usual) AS coalesce(given::DOUBLE, usual::DOUBLE);

-- Metres between two positions on a sphere of 6,371 km. (`least` alone would make a missing one the antipodes.)
CREATE OR REPLACE TEMP MACRO feed_metres(lat_a, lon_a, lat_b, lon_b) AS
  CASE WHEN lat_a IS NOT NULL AND lat_b IS NOT NULL THEN
    12742000 * asin(sqrt(least(1, sin(radians(lat_b - lat_a) / 2) ** 2
      + cos(radians(lat_a)) * cos(radians(lat_b)) * sin(radians(lon_b - lon_a) / 2) ** 2))) END;

-- The local date of a moment, of a span that is perhaps of one date alone: a clock is slow to ask for each reading.
CREATE OR REPLACE TEMP MACRO feed_date(moment, since, until) AS
  CASE WHEN isfinite(since) AND isfinite(until) AND city_time(since)::DATE = city_time(until - INTERVAL 1 microsecond)::DATE
    THEN city_time(since)::DATE ELSE city_time(moment)::DATE END;

-- Whether the asked period keeps to whole local dates.
CREATE OR REPLACE TEMP MACRO feed_whole_dates() AS
  (NOT isfinite(asked_from()) OR city_time(asked_from()) = date_trunc('day', city_time(asked_from())))
  AND (NOT isfinite(asked_to()) OR city_time(asked_to()) = date_trunc('day', city_time(asked_to())));

CREATE OR REPLACE TEMP MACRO feed_usual_limits() AS
  feed_limit(getvariable('stale_feed_s'), 65) = 65 AND feed_limit(getvariable('silent_feed_s'), 300) = 300
  AND feed_limit(getvariable('stale_vehicle_s'), 90) = 90 AND feed_limit(getvariable('frozen_min'), 10) = 10
  AND feed_limit(getvariable('stuck_min'), 20) = 20 AND feed_limit(getvariable('max_kmh'), 150) = 150
  AND feed_limit(getvariable('behind_s'), 300) = 300;

CREATE OR REPLACE TEMP MACRO feed_summed() AS (
  coalesce(getvariable('feed_sums_tz')::VARCHAR = getvariable('city_tz')::VARCHAR, false) AND feed_whole_dates() AND feed_usual_limits());

CREATE OR REPLACE TEMP MACRO feed_asked_date(date) AS
  (NOT isfinite(asked_from()) OR date >= city_time(asked_from())::DATE) AND (NOT isfinite(asked_to()) OR date < city_time(asked_to())::DATE);

-- Dates of the asked period that have to be worked out.
CREATE OR REPLACE TEMP MACRO feed_unsummed() AS
  list_filter(getvariable('feed_unsummed_dates')::DATE[], lambda d: feed_asked_date(d));

CREATE OR REPLACE TEMP MACRO feed_asked_text() AS concat_ws('|', asked_from()::VARCHAR, asked_to()::VARCHAR, getvariable('city_tz')::VARCHAR,
  feed_limit(getvariable('stale_feed_s'), 65), feed_limit(getvariable('silent_feed_s'), 300), feed_limit(getvariable('stale_vehicle_s'), 90),
  feed_limit(getvariable('frozen_min'), 10), feed_limit(getvariable('stuck_min'), 20), feed_limit(getvariable('max_kmh'), 150),
  feed_limit(getvariable('behind_s'), 300));
CREATE OR REPLACE TEMP MACRO feed_days_are_kept() AS coalesce(getvariable('feed_days_kept')::VARCHAR = feed_asked_text(), false);

-- Whether a vehicle, or a trip, is of the share that is being worked out.
CREATE OR REPLACE TEMP MACRO feed_of_piece(name) AS
  getvariable('feed_pieces') IS NULL OR hash(name) % getvariable('feed_pieces')::UBIGINT = getvariable('feed_piece')::UBIGINT;
