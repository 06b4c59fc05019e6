-- What measures of passengers stand on: visits of the asked period with what was counted there, by every vehicle (riders of a second
-- vehicle on a trip are riders too).

CREATE OR REPLACE TEMP VIEW nearly_ridden_visits AS
  SELECT * REPLACE (coalesce(direction_id, 0) AS direction_id), coalesce(departure_at, arrival_at) AS seen_at,
    hour(city_time(coalesce(departure_at, arrival_at)))::INTEGER AS hour
  FROM stop_visits
  WHERE relationship <> 'deadrun' AND asked_date(date) AND asked_route(route_id) AND asked_nearly(coalesce(departure_at, arrival_at));

CREATE OR REPLACE TEMP VIEW ridden_visits AS FROM nearly_ridden_visits WHERE asked_moment(seen_at) AND asked_stop(stop_id);

-- From a stop to the next one of a trip, with who was aboard; `km` NULL where the way is not known.
CREATE OR REPLACE TEMP VIEW ridden_segments AS
  SELECT *, (epoch_ms(next_arrival_at) - epoch_ms(departure_at)) / 1e3 AS run_s,
    (epoch_ms(next_scheduled_arrival_at) - epoch_ms(scheduled_departure_at)) / 1e3 AS scheduled_s
  FROM (
    SELECT *, lead(position) OVER run AS next_position, lead(stop_id) OVER run AS to_stop,
      nullif(lead(along_m) OVER run - along_m, 0) / 1e3 AS km, lead(arrival_at) OVER run AS next_arrival_at,
      lead(scheduled_arrival_at) OVER run AS next_scheduled_arrival_at,
      coalesce(departure_within_s, 0) + coalesce(lead(arrival_within_s) OVER run, 0) AS within_s
    FROM nearly_ridden_visits WINDOW run AS (PARTITION BY date, trip_id, vehicle_id ORDER BY position))
  WHERE next_position = position + 1 AND asked_moment(seen_at) AND asked_stop(stop_id);

-- Calls of the timetable with what was counted at them, by the vehicle that counts for the trip.
CREATE OR REPLACE TEMP VIEW ridden_calls AS
  SELECT c.*, v.boardings, v.alightings, v.departure_load
  FROM call_visits c
  JOIN (FROM stop_visits WHERE counts AND relationship = 'scheduled' AND asked_date(date) AND asked_route(route_id)) v
    ON v.date = c.service_date AND v.trip_id = c.trip_id AND v.position = c.position;
