-- A clock that is behind is told by when its reports come: those of an hour all late, and equally so (within a minute, but for one in
-- ten at each end). What was held back and sent at once comes ever less late, but by no more than it took to make: that is told apart
-- only where it took over two minutes.
CREATE OR REPLACE TEMP MACRO report_lag_s(received_at, observed_at) AS (epoch_ms(received_at) - epoch_ms(observed_at)) / 1e3;
CREATE OR REPLACE TEMP MACRO most_within(amount) AS quantile_cont(amount, 0.9) - quantile_cont(amount, 0.1);
CREATE OR REPLACE TEMP MACRO are_enough_reports(reports, made_within_s) AS reports >= 10 AND made_within_s >= 120;
CREATE OR REPLACE TEMP MACRO clock_is_behind(lag_s, spread_s, limit_s) AS lag_s > limit_s AND spread_s <= 60;
