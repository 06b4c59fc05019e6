-- Freeways by rule: a limit of 90 km/h or more, or, where no limit is known, such an 85th percentile of the day's speeds.
CREATE OR REPLACE TEMP MACRO is_freeway(speed_limit_kmh, speed_p85_kmh) AS
  coalesce(speed_limit_kmh >= 90, speed_p85_kmh >= 90, false);
