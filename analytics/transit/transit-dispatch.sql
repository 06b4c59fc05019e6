-- Where transit's views read from: visits, what the session has kept of them, or roll-ups (transit-sums.sql). Session variables that
-- a lake sets when it is opened (transit-rollups.ts): transit_sums_tz, whose clock the roll-ups go by, and the service dates that have
-- none: those with visits (unsummed_visits), and those of the timetable alone (unsummed_service). service_date: one is being summed up.
RESET VARIABLE transit_sums_tz;
RESET VARIABLE unsummed_visits;
RESET VARIABLE unsummed_service;
RESET VARIABLE kept_visits;
RESET VARIABLE kept_calls;
RESET VARIABLE kept_headways;
RESET VARIABLE kept_segments;
RESET VARIABLE kept_passings;
RESET VARIABLE kept_losses;
RESET VARIABLE service_date;
RESET VARIABLE transit_watched_from;
RESET VARIABLE transit_watched_to;

-- From the first to the last moment at which any vehicle was seen (watched.ts). What was due before or after is not called unseen.
CREATE OR REPLACE TEMP MACRO was_watched(moment) AS moment >= coalesce(getvariable('transit_watched_from')::TIMESTAMPTZ, TIMESTAMPTZ '-infinity')
  AND moment <= coalesce(getvariable('transit_watched_to')::TIMESTAMPTZ, TIMESTAMPTZ 'infinity');

-- What calls, headways and segments are made of: period, route and stop. A variable of a kept table's name says of what it is.
CREATE OR REPLACE TEMP MACRO transit_asked_text() AS concat_ws('|', asked_from()::VARCHAR, asked_to()::VARCHAR, getvariable('city_tz')::VARCHAR,
  'date', getvariable('service_date')::VARCHAR, 'route', getvariable('route')::VARCHAR, 'stop', getvariable('stop')::VARCHAR);
CREATE OR REPLACE TEMP MACRO is_kept(table_name) AS coalesce(getvariable(table_name)::VARCHAR = transit_asked_text(), false);
CREATE OR REPLACE TEMP MACRO losses_asked_text() AS concat_ws('|', transit_asked_text(), 'within', coalesce(getvariable('within_s')::DOUBLE, 60)::VARCHAR);
CREATE OR REPLACE TEMP MACRO losses_kept() AS coalesce(getvariable('kept_losses')::VARCHAR = losses_asked_text(), false);

CREATE OR REPLACE TEMP MACRO asked_day(date) AS date >= asked_first_date() AND date <= asked_last_date();

-- Service dates that the asked period rests on and that no roll-up has. One goes on into the morning, and its first vehicles may be seen
-- before its midnight.
CREATE OR REPLACE TEMP MACRO transit_unsummed() AS list_concat(
  list_filter(getvariable('unsummed_visits')::DATE[], lambda d: d >= asked_first_date() - 2 AND d <= asked_last_date() + 1),
  list_filter(getvariable('unsummed_service')::DATE[], lambda d: d >= asked_first_date() - 2 AND d <= asked_last_date()));
CREATE OR REPLACE TEMP MACRO transit_summed() AS (
  coalesce(getvariable('transit_sums_tz')::VARCHAR = getvariable('city_tz')::VARCHAR, false) AND getvariable('service_date') IS NULL
  AND (NOT isfinite(asked_from()) OR city_time(asked_from()) = date_trunc('day', city_time(asked_from())))
  AND (NOT isfinite(asked_to()) OR city_time(asked_to()) = date_trunc('day', city_time(asked_to())))
  AND coalesce(len(transit_unsummed()) = 0, false)
);
