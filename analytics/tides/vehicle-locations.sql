-- TIDES vehicle_locations: positions in force, each once. A position is of the trip that it names, else of the vehicle's trip that had
-- begun and not ended; its service date is that trip's, else the local date.
CREATE OR REPLACE TEMP TABLE tides_positions AS
  WITH in_force AS (
    SELECT *, journey IS DISTINCT FROM 'deadrun' AND journey IS DISTINCT FROM 'signoff' AND (trip_id IS NOT NULL OR route_id IS NOT NULL AND start_time IS NOT NULL) AS on_trip
    FROM readings
    WHERE kind = 'vehicle-position' AND outcome IN ('counted', 'restated') AND observed_at >= getvariable('span_from')
      AND observed_at < getvariable('span_to')
    QUALIFY row_number() OVER (PARTITION BY device_id, vehicle_id, observed_at, event
      ORDER BY coalesce(via, position) DESC, position DESC, index DESC) = 1
  ), named AS (
    SELECT r.*, t.service_date AS trip_date, t.trip_id_performed, t.pattern_id, t.trip_id AS trip, t.relationship
    FROM in_force r LEFT JOIN tides_trips t ON r.on_trip AND t.vehicle_id = r.vehicle_id AND t.trip_id = r.trip_id
      AND r.observed_at BETWEEN t.first_seen_at AND t.last_seen_at
  )
  SELECT n.* EXCLUDE (trip_date, trip_id_performed, pattern_id, trip, relationship),
    CASE WHEN t.last_seen_at >= n.observed_at THEN t.service_date ELSE n.trip_date END AS trip_date,
    CASE WHEN t.last_seen_at >= n.observed_at THEN t.trip_id_performed ELSE n.trip_id_performed END AS trip_id_performed,
    CASE WHEN t.last_seen_at >= n.observed_at THEN t.pattern_id ELSE n.pattern_id END AS pattern_id,
    CASE WHEN t.last_seen_at >= n.observed_at THEN t.trip_id ELSE n.trip END AS trip,
    CASE WHEN t.last_seen_at >= n.observed_at THEN t.relationship ELSE n.relationship END AS relationship
  FROM named n
  ASOF LEFT JOIN tides_trips t ON t.vehicle_id = CASE WHEN n.on_trip AND n.trip_id_performed IS NULL THEN n.vehicle_id END
    AND n.observed_at >= t.first_seen_at;

CREATE OR REPLACE TEMP TABLE tides_vehicle_locations AS
  SELECT concat_ws('-', r.partition, r.position, r.index) AS location_ping_id, getvariable('service_date') AS service_date,
    r.observed_at AS event_timestamp, r.trip_id_performed,
    CASE WHEN r.relationship IN ('scheduled', 'canceled') THEN p.gtfs_trip_id END AS trip_id_scheduled, NULL::INTEGER AS trip_stop_sequence,
    r.stop_sequence::INTEGER AS scheduled_stop_sequence, r.vehicle_id, r.device_id, r.pattern_id, r.stop_id,
    CASE r.status WHEN 'incoming-at' THEN 'Incoming at' WHEN 'stopped-at' THEN 'Stopped at' WHEN 'in-transit-to' THEN 'In transit to' END AS current_status,
    r.lat AS latitude, r.lon AS longitude, NULL::VARCHAR AS gps_quality, r.heading_deg AS heading, round(r.speed_kmh / 3.6, 2) AS speed,
    r.odometer_m AS odometer, round(r.delay_s)::INTEGER AS schedule_deviation, NULL::INTEGER AS headway_deviation,
    CASE r.journey WHEN 'service' THEN 'In service' WHEN 'deadrun' THEN 'Deadhead' WHEN 'signoff' THEN 'Other not in service' END AS trip_type,
    NULL::VARCHAR AS schedule_relationship
  FROM tides_positions r LEFT JOIN tides_planned p ON p.trip_id = r.trip
  WHERE r.lat IS NOT NULL AND r.lon IS NOT NULL
    AND coalesce(r.trip_date, city_time(r.observed_at)::DATE) = getvariable('service_date')
  ORDER BY r.vehicle_id, r.observed_at, 1;
