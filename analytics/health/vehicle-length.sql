-- Physical cross-check. Where speed is measured independently, the implied effective vehicle length g = v * occ / q (q
-- per lane) must lie between 2.5 and 25 m. Where it is not, seconds of occupancy a vehicle: nobody drives twice as
-- fast as the day's median, so windows below half of it hold pulses that are no vehicles. Windows of 3 vehicles or more.
-- `night_dispersion` is half the mean squared step of the counts from window to window, 00:00 to 05:00, over their mean:
-- 1 for vehicles that come by chance, far more for a detector that chatters in bursts.
CREATE OR REPLACE TEMP TABLE health_length AS
WITH rows AS (
  SELECT *, CASE WHEN count >= 3 THEN occupancy * window_s / count END AS covered_s,
    CASE WHEN count >= 3 AND flow_veh_h > 0 THEN implied_length_m(speed_kmh, occupancy, flow_veh_h / lanes) END AS length_m
  FROM health_windows
), medians AS (
  SELECT detector, median(covered_s) AS covered_s FROM rows GROUP BY detector
)
SELECT r.detector, median(length_m) AS implied_length_m, count(length_m) AS length_windows,
  count(*) FILTER (length_m NOT BETWEEN 2.5 AND 25) / nullif(count(length_m), 0) AS implausible_share,
  count(r.covered_s) AS covered_windows,
  count(*) FILTER (r.covered_s < 0.5 * m.covered_s) / nullif(count(r.covered_s), 0) AS short_pulse_share,
  count(count_step) FILTER (local_hour < 5) AS night_steps,
  avg(count_step * count_step) FILTER (local_hour < 5) / 2 / greatest(avg(count) FILTER (local_hour < 5), 1)
    AS night_dispersion
FROM rows r JOIN medians m USING (detector) GROUP BY r.detector;

INSERT INTO health_failures
SELECT detector, 'wiring', printf('implied vehicle length %.1f m (median), outside 2.5 to 25 m in %.0f %% of rows',
  implied_length_m, 100 * implausible_share)
FROM health_length WHERE length_windows >= 24 AND implausible_share >= 0.5
UNION ALL
SELECT detector, 'chattering',
  CASE WHEN covered_windows >= 48 AND short_pulse_share >= 0.08
    THEN printf('pulses half as long as usual in %.0f %% of rows', 100 * short_pulse_share)
    ELSE printf('counts by night %.0f times as uneven as chance', night_dispersion) END
FROM health_length
WHERE (covered_windows >= 48 AND short_pulse_share >= 0.08) OR (night_steps >= 24 AND night_dispersion >= 10);
