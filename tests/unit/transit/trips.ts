import type { ScheduledTrip, TripsByDate } from '#analytics/transit/resolve-trip.ts';

export type TestTrip = Partial<ScheduledTrip> & {
  tripId: string;
  startS: number;
  endS: number;
  dates: string[];
};

/** A timetable of these trips, of route r, direction 0, along the street. */
export function timetableOf(...trips: TestTrip[]): TripsByDate {
  const scheduled = new Map(
    trips.map(({ dates: _dates, ...t }) => [
      t.tripId,
      { routeId: 'r', directionId: 0, patternId: 'street', ...t },
    ]),
  );
  const runsOn = (tripId: string, date: string) =>
    trips.some((t) => t.tripId === tripId && t.dates.includes(date));
  return {
    trip: (tripId) => scheduled.get(tripId),
    runsOn,
    starting: (routeId, directionId, startS, date) => {
      const found = [...scheduled.values()].filter(
        (t) =>
          t.routeId === routeId &&
          t.directionId === directionId &&
          t.startS === startS &&
          runsOn(t.tripId, date),
      );
      return found.length === 1 ? found[0] : undefined;
    },
  };
}
