-- TIDES trips_performed of the service date in variable `service_date`. Of several vehicles on one trip, the one that counts has the
-- trip's id, any other the vehicle's beside it. Deadruns and trips without a vehicle are left out (left-out.sql).
CREATE OR REPLACE TEMP TABLE tides_planned AS
  SELECT t.trip_id, any_value(t.times_id) AS gtfs_trip_id, any_value(t.block_id) AS block_id, any_value(p.shape_id) AS shape_id,
    any_value(r.route_type) AS route_type, any_value(f.stop_id) AS first_stop_id, any_value(l.stop_id) AS last_stop_id
  FROM timetables v
  JOIN timetable_service_dates d ON d.timetable = v.timetable AND d.date = getvariable('service_date')
  JOIN timetable_trips t ON t.timetable = v.timetable AND t.service_id = d.service_id
  JOIN timetable_patterns p ON p.timetable = v.timetable AND p.pattern_id = t.pattern_id
  LEFT JOIN timetable_routes r ON r.timetable = v.timetable AND r.route_id = t.route_id
  JOIN timetable_pattern_stops f ON f.timetable = v.timetable AND f.pattern_id = t.pattern_id AND f.position = 1
  JOIN timetable_pattern_stops l ON l.timetable = v.timetable AND l.pattern_id = t.pattern_id AND l.position = p.stops
  WHERE d.date >= v.valid_from AND d.date < v.valid_to
  GROUP BY t.trip_id;

-- One row a vehicle and trip of the dates around, since a vehicle's positions may be of a trip of the day before.
CREATE OR REPLACE TEMP TABLE tides_trips AS
  SELECT date AS service_date, CASE WHEN counts THEN trip_id ELSE concat(trip_id, '~', vehicle_id) END AS trip_id_performed, trip_id,
    vehicle_id, relationship, pattern_id, first_seen_at, last_seen_at
  FROM trips_performed
  WHERE relationship <> 'deadrun' AND vehicle_id <> '' AND date BETWEEN getvariable('service_date') - 1 AND getvariable('service_date') + 1;

CREATE OR REPLACE TEMP TABLE tides_trips_performed AS
  WITH ends AS (
    SELECT date, trip_id, vehicle_id, max(departure_at) FILTER (is_first) AS departed_at, max(arrival_at) FILTER (is_last) AS arrived_at
    FROM stop_visits WHERE date = getvariable('service_date') AND relationship <> 'deadrun' GROUP BY ALL
  )
  SELECT t.date AS service_date, x.trip_id_performed, t.vehicle_id,
    CASE WHEN t.relationship IN ('scheduled', 'canceled') THEN p.gtfs_trip_id END AS trip_id_scheduled, t.route_id,
    route_type_label(p.route_type) AS route_type, NULL::VARCHAR AS ntd_mode, NULL::VARCHAR AS route_type_agency, p.shape_id, t.pattern_id,
    CASE WHEN t.direction_id IN (0, 1) THEN t.direction_id END AS direction_id, NULL::VARCHAR AS operator_id, p.block_id,
    p.first_stop_id AS trip_start_stop_id, p.last_stop_id AS trip_end_stop_id,
    t.scheduled_start_at AS schedule_trip_start, t.scheduled_end_at AS schedule_trip_end, e.departed_at AS actual_trip_start,
    e.arrived_at AS actual_trip_end, 'In service' AS trip_type,
    CASE t.relationship WHEN 'scheduled' THEN 'Scheduled' WHEN 'added' THEN 'Added' WHEN 'canceled' THEN 'Canceled' END AS schedule_relationship
  FROM trips_performed t
  JOIN tides_trips x ON x.service_date = t.date AND x.trip_id = t.trip_id AND x.vehicle_id = t.vehicle_id
    AND x.relationship = t.relationship
  LEFT JOIN tides_planned p ON p.trip_id = t.trip_id AND t.relationship <> 'unknown'
  LEFT JOIN ends e ON e.date = t.date AND e.trip_id = t.trip_id AND e.vehicle_id = t.vehicle_id
  WHERE t.date = getvariable('service_date')
  ORDER BY t.route_id, t.direction_id, t.first_seen_at, x.trip_id_performed;
