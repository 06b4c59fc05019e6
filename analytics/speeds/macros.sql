-- Speed from a single loop: v = q g / occ. q in vehicles an hour and lane, occupancy 0 to 1, g the effective vehicle
-- length in metres, v in km/h; NULL where nothing passed.
CREATE OR REPLACE TEMP MACRO single_loop_kmh(flow_veh_h, occupancy, g_m) AS
  CASE WHEN occupancy > 0 AND flow_veh_h > 0 THEN flow_veh_h * g_m / occupancy / 1e3 END;

-- What g must have been for traffic at this speed: metres.
CREATE OR REPLACE TEMP MACRO effective_length_m(flow_veh_h, occupancy, speed_kmh) AS
  CASE WHEN flow_veh_h > 0 AND occupancy > 0 THEN occupancy * speed_kmh * 1e3 / flow_veh_h END;

-- Weight of a five-minute value of so many vehicles and lane against the smoothed value before it (Jia, Chen, Coifman,
-- Varaiya 2001, with C = 50).
CREATE OR REPLACE TEMP MACRO smoothing_weight(vehicles) AS vehicles / (vehicles + 50e0);

-- Space-mean speed of a group, an aggregate: harmonic, weighted by flow. Never the arithmetic mean.
CREATE OR REPLACE TEMP MACRO space_mean_kmh(flow_veh_h, speed_kmh) AS
  sum(flow_veh_h) FILTER (flow_veh_h > 0 AND speed_kmh > 0)
    / sum(flow_veh_h / speed_kmh) FILTER (flow_veh_h > 0 AND speed_kmh > 0);
