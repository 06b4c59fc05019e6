-- TIDES stop_visits: the order of stops counts from 1 among those that were visited. Door 1 is the front door, and so is a count of
-- the vehicle as a whole. `distance` is along the way, from the stop before.
CREATE OR REPLACE TEMP TABLE tides_doors AS
  SELECT c.trip_id, c.vehicle_id, c.position, c.side, c.device_id, c.observed_at, r.door, r.passengers, r.reading_id
  FROM passenger_counts c
  JOIN (
    SELECT device_id, vehicle_id, observed_at, coalesce(door, 0) AS door, boarded::BIGINT AS boarding, alighted::BIGINT AS alighting,
      concat_ws('-', partition, position, index) AS reading_id
    FROM readings
    WHERE kind = 'passenger-count' AND outcome IN ('counted', 'restated') AND observed_at >= getvariable('span_from')
      AND observed_at < getvariable('span_to')
    QUALIFY row_number() OVER (PARTITION BY device_id, vehicle_id, coalesce(door, 0), observed_at
      ORDER BY coalesce(via, readings.position) DESC, readings.position DESC, index DESC) = 1
  ) AS counted UNPIVOT (passengers FOR of_side IN (boarding, alighting)) AS r
    ON r.device_id = c.device_id AND r.vehicle_id = c.vehicle_id AND r.observed_at = c.observed_at AND r.of_side = c.side
  WHERE c.date = getvariable('service_date') AND c.reason IS NULL;

CREATE OR REPLACE TEMP TABLE tides_stop_visits AS
  WITH by_door AS (
    SELECT trip_id, vehicle_id, position, sum(passengers) FILTER (side = 'boarding' AND door <= 1) AS boarding_1,
      sum(passengers) FILTER (side = 'alighting' AND door <= 1) AS alighting_1,
      sum(passengers) FILTER (side = 'boarding' AND door > 1) AS boarding_2, sum(passengers) FILTER (side = 'alighting' AND door > 1) AS alighting_2
    FROM tides_doors GROUP BY ALL
  )
  SELECT v.date AS service_date, x.trip_id_performed, row_number() OVER run AS trip_stop_sequence,
    CASE WHEN v.relationship = 'scheduled' THEN v.stop_sequence END AS scheduled_stop_sequence, v.pattern_id, v.vehicle_id,
    CASE WHEN v.passed THEN 0 ELSE round((epoch_ms(v.departure_at) - epoch_ms(v.arrival_at)) / 1e3)::INTEGER END AS dwell, v.stop_id, v.timepoint,
    v.scheduled_arrival_at AS schedule_arrival_time, v.scheduled_departure_at AS schedule_departure_time, v.arrival_at AS actual_arrival_time,
    v.departure_at AS actual_departure_time, CASE WHEN v.along_m > lag(v.along_m) OVER run THEN round(v.along_m - lag(v.along_m) OVER run)::INTEGER END AS distance,
    coalesce(d.boarding_1, CASE WHEN v.boardings IS NOT NULL AND d.boarding_2 IS NULL THEN v.boardings END)::INTEGER AS boarding_1,
    coalesce(d.alighting_1, CASE WHEN v.alightings IS NOT NULL AND d.alighting_2 IS NULL THEN v.alightings END)::INTEGER AS alighting_1,
    d.boarding_2::INTEGER AS boarding_2, d.alighting_2::INTEGER AS alighting_2, round(v.departure_load)::INTEGER AS departure_load,
    CASE WHEN v.arrival_method = 'doors' THEN v.arrival_at END AS door_open, CASE WHEN v.departure_method = 'doors' THEN v.departure_at END AS door_close,
    NULL::VARCHAR AS door_status, NULL::DOUBLE AS ramp_deployed_time, NULL::BOOLEAN AS ramp_failure, NULL::DOUBLE AS kneel_deployed_time,
    NULL::DOUBLE AS lift_deployed_time, NULL::BOOLEAN AS bike_rack_deployed, NULL::INTEGER AS bike_load, NULL::DOUBLE AS revenue,
    NULL::INTEGER AS number_of_transactions, CASE v.relationship WHEN 'scheduled' THEN 'Scheduled' WHEN 'added' THEN 'Added' END AS schedule_relationship
  FROM stop_visits v
  JOIN tides_trips x ON x.service_date = v.date AND x.trip_id = v.trip_id AND x.vehicle_id = v.vehicle_id AND x.relationship = v.relationship
  LEFT JOIN by_door d ON d.trip_id = v.trip_id AND d.vehicle_id = v.vehicle_id AND d.position = v.position
  WHERE v.date = getvariable('service_date')
  WINDOW run AS (PARTITION BY v.date, x.trip_id_performed ORDER BY v.position)
  ORDER BY 2, 3;
