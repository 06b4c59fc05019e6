-- The verdicts of the asked period and sites. `state` is the verdict, or 'silent' where a day is bad because nothing came;
-- `lost_share` is what of the detector's day can not be used: all of a bad one, else what did not come.
CREATE OR REPLACE TEMP VIEW health_days AS
SELECT *,
  CASE WHEN verdict = 'bad' AND cause IN ('feed-silent', 'cabinet-silent', 'silent') THEN 'silent' ELSE verdict END AS state,
  CASE verdict WHEN 'bad' THEN 1 ELSE 1 - coalesce(observed_share, 1) END AS lost_share
FROM detector_days
WHERE date >= city_time(asked_from())::DATE AND date < city_time(asked_to())::DATE AND asked_site(site_id);

-- The last day judged on which a detector owed nine tenths of the day, or the last of all: a day that has only begun hides
-- what shows in a whole one, and says of nobody that a fault has ended.
CREATE OR REPLACE TEMP VIEW health_last_day AS
SELECT coalesce(max(date) FILTER (owed_s >= 0.9 * day_seconds(date)), max(date)) AS date,
  max(date) FILTER (owed_s < 0.9 * day_seconds(date)) AS begun
FROM (SELECT date, max(expected_s) AS owed_s FROM health_days GROUP BY date);
