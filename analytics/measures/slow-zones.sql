-- title: Slow zones
-- question: On which stretches do vehicles go well below their route's free speed, and how much time does that cost?
-- version: 2
-- source: contiguous segments (stop to stop) whose median speed is below free_share of the route's free speed, the 85th percentile of its segment runs; lost time is the median run less the run at free speed; runs in whole seconds
-- needs: timetable, stop-visits
-- parameter: free_share | double | 0.65 | | a segment is slow below this share of the free speed
-- parameter: against | varchar | route | one of route, segment | free speed of the route as a whole, or the 85th percentile of each segment's own runs
-- parameter: least_lost_s | double | 30 | | zones that cost a run less are left out
-- parameter: hour_from | integer | 0 | | departures from this hour of the city's clock on
-- parameter: hour_to | integer | 24 | | and before this one; the free speed is of all hours
-- parameter: within_s | double | 60 | | times known less exactly than this (both ends together) are left out
-- parameter: route | varchar | none | | this route only
-- column: route_id | | the route
-- column: direction_id | | 0 or 1
-- column: from_stop | | where the zone begins
-- column: to_stop | | where it ends
-- column: segments | | stop to stop
-- column: length_m | m | along the shape
-- column: runs | | observed, of its segment with fewest
-- column: median_kmh | km/h | over the zone, at the median run of each segment
-- column: free_kmh | km/h | over the zone, at free speed
-- column: lost_s | s | of a median run through it
-- column: lost_veh_h_week | veh-h | vehicle-hours lost in a week of days like those observed
-- caveat: From departure to arrival, so without dwell at stops; signals, queues and the braking and starting at stops are in it, so short segments look slower.
SELECT route_id, direction_id, from_stop, to_stop, segments, length_m, runs, median_kmh, free_kmh, lost_s, lost_veh_h_week
FROM slow_zones
ORDER BY lost_veh_h_week DESC, route_id, direction_id, from_stop
