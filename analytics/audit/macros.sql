-- Words that several checks use. Figures are whole numbers in the fixed units of domain/window.ts.

-- Whole UTC hours since 1970, and back. Plain arithmetic: calendar functions on TIMESTAMPTZ are slow.
CREATE OR REPLACE TEMP MACRO audit_hour(moment) AS epoch_us(moment) // 3600000000;
CREATE OR REPLACE TEMP MACRO audit_hour_at(hours) AS make_timestamptz(hours * 3600000000);
CREATE OR REPLACE TEMP MACRO audit_hour_start(moment) AS make_timestamptz(epoch_us(moment) // 3600000000 * 3600000000);

-- A value in units of 1/scale, rounded half up once; a DOUBLE, like the number it came as. (floor(x + 0.5) would be
-- wrong just below a half.)
CREATE OR REPLACE TEMP MACRO audit_half_up(x) AS
  (floor(x) + CASE WHEN x - floor(x) >= 0.5 THEN 1 ELSE 0 END);
CREATE OR REPLACE TEMP MACRO audit_fixed(amount, scale) AS audit_half_up(amount * scale::DOUBLE);

-- A moment within a reading, in whole milliseconds, as text.
CREATE OR REPLACE TEMP MACRO audit_moment(written) AS
  epoch_ms(try_cast(upper(written) AS TIMESTAMPTZ))::VARCHAR;

-- Devices are judged in shares, so that memory stays bounded.
CREATE OR REPLACE TEMP MACRO audit_in_share(device) AS
  (getvariable('audit_shares') = 1 OR hash(device) % getvariable('audit_shares') = getvariable('audit_share'));

-- Readings whose time of observation can be trusted: read, of a known kind, with a sound clock.
CREATE OR REPLACE TEMP MACRO audit_readable(outcome, reason) AS
  (NOT (outcome = 'rejected' AND reason IN ('not-json', 'unusable', 'unknown-kind', 'schema')));

-- Seconds that an installation owes of a window: all of it where it promises a period for that lane and direction.
CREATE OR REPLACE TEMP MACRO audit_promise(period_s, lanes, directions, lane, direction, window_s) AS
  CASE WHEN period_s IS NOT NULL
    AND (CASE WHEN len(lanes) > 0 THEN list_contains(lanes, lane) ELSE lane = 0 END)
    AND (CASE WHEN len(directions) > 0 THEN list_contains(directions, direction) ELSE direction = '' END)
  THEN window_s END;
