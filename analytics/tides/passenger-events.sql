-- TIDES passenger_events: who was counted at each door and moment, where anybody was. The id is the reading's place in the log, so an
-- event can be followed to what the device sent.
CREATE OR REPLACE TEMP TABLE tides_passenger_events AS
  WITH visits AS (
    SELECT v.trip_id, v.vehicle_id, v.position, x.trip_id_performed, v.pattern_id, v.stop_id, v.relationship, v.stop_sequence,
      row_number() OVER (PARTITION BY x.trip_id_performed ORDER BY v.position) AS trip_stop_sequence
    FROM stop_visits v
    JOIN tides_trips x ON x.service_date = v.date AND x.trip_id = v.trip_id AND x.vehicle_id = v.vehicle_id AND x.relationship = v.relationship
    WHERE v.date = getvariable('service_date')
  )
  SELECT concat(d.reading_id, '-', d.side) AS passenger_event_id, getvariable('service_date') AS service_date, d.observed_at AS event_timestamp,
    NULL::VARCHAR AS location_ping_id, v.trip_id_performed, CASE WHEN v.relationship = 'scheduled' THEN p.gtfs_trip_id END AS trip_id_scheduled,
    v.trip_stop_sequence, CASE WHEN v.relationship = 'scheduled' THEN v.stop_sequence END AS scheduled_stop_sequence,
    CASE d.side WHEN 'boarding' THEN 'Passenger boarded' ELSE 'Passenger alighted' END AS event_type, d.vehicle_id, d.device_id,
    NULL::VARCHAR AS train_car_id, v.stop_id, v.pattern_id, d.passengers::INTEGER AS event_count
  FROM tides_doors d
  JOIN visits v USING (trip_id, vehicle_id, position)
  LEFT JOIN tides_planned p ON p.trip_id = v.trip_id
  WHERE d.passengers > 0
  ORDER BY d.observed_at, d.vehicle_id, d.door, d.side DESC;
