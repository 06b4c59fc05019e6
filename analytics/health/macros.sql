-- Great-circle distance in kilometres.
CREATE OR REPLACE TEMP MACRO distance_km(lat1, lon1, lat2, lon2) AS
  12742 * asin(sqrt(pow(sin(radians(lat2 - lat1) / 2), 2)
    + cos(radians(lat1)) * cos(radians(lat2)) * pow(sin(radians(lon2 - lon1) / 2), 2)));

-- Effective vehicle length in metres, g = v * occ / q: km/h, 0 to 1, vehicles an hour and lane.
CREATE OR REPLACE TEMP MACRO implied_length_m(speed_kmh, occupancy, flow_veh_h) AS
  CASE WHEN flow_veh_h > 0 AND occupancy > 0 THEN speed_kmh * 1000 * occupancy / flow_veh_h END;

-- Freeways by rule: a limit of 90 km/h or more, or, where no limit is known, such an 85th percentile of the day's speeds.
CREATE OR REPLACE TEMP MACRO is_freeway(speed_limit_kmh, speed_p85_kmh) AS
  coalesce(speed_limit_kmh >= 90, speed_p85_kmh >= 90, false);
