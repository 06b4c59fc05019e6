-- The work list: one row a thing to mend (a device, a cabinet, a feed) and its cause, ranked by the vehicle-kilometres a
-- day that would be measured again; where nobody knows those, by vehicles, then by detector-hours. A bad day loses all
-- that the detector usually counts, a flawed one what did not come. `still_open` where it was so on the last whole day, or since.
CREATE OR REPLACE TEMP VIEW health_repairs AS
SELECT row_number() OVER (ORDER BY still_open DESC, vkt_veh_km_day DESC NULLS LAST, vehicles_day DESC NULLS LAST,
    hours_day DESC NULLS LAST, repair, cause) AS rank, *
FROM (
  SELECT d.repair, d.cause, c.meaning, c.repair AS what_to_do,
    count(DISTINCT d.device_id) AS devices,
    string_agg(DISTINCT coalesce(f.name, d.site_id), ', ' ORDER BY coalesce(f.name, d.site_id)) AS sites,
    min(d.since) AS since, max(d.date) AS last_date, count(DISTINCT d.date) AS days,
    max(d.date) >= (SELECT date FROM health_last_day) AS still_open,
    sum(lost_share * d.usual_vehicles * d.length_km) / count(DISTINCT d.date) AS vkt_veh_km_day,
    sum(lost_share * d.usual_vehicles) / count(DISTINCT d.date) AS vehicles_day,
    sum(lost_share * d.expected_s) / 3600 / count(DISTINCT d.date) AS hours_day,
    arg_max(d.detail, d.date) AS detail
  FROM health_days d JOIN health_causes c USING (cause) LEFT JOIN site_facts f USING (site_id)
  WHERE d.verdict <> 'healthy'
  GROUP BY d.repair, d.cause, c.meaning, c.repair
)
ORDER BY rank;
