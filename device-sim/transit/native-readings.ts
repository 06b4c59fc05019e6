import { formatInstant } from '#domain/instant.ts';
import type { Report } from './vehicle-reports.ts';

/** A report as native readings: what a vehicle tells is where it is, what its counter tells is who went through the door. */
export function nativeReadings(report: Report): Record<string, unknown>[] {
  const { run } = report;
  const { trip, pattern, serviceDate } = run;
  const observedAt = formatInstant(report.at);
  const words = {
    tripId: trip.tripId,
    routeId: pattern.routeId,
    directionId: pattern.directionId,
    serviceDate,
  };
  switch (report.type) {
    case 'position':
      return [
        {
          kind: 'vehicle-position',
          observedAt,
          vehicleId: run.vehicleId,
          lat: report.lat,
          lon: report.lon,
          speedKmh: report.speedKmh,
          headingDeg: report.headingDeg,
          ...words,
          journey: 'service',
        },
      ];
    case 'counts': {
      const { visit } = report;
      const of = {
        kind: 'passenger-count',
        observedAt,
        vehicleId: run.vehicleId,
        stopId: visit.stopId,
        tripId: trip.tripId,
      };
      return [
        { ...of, door: 1, boarded: visit.countedBoarded, alighted: visit.alighted },
        { ...of, load: report.countedLoad },
      ];
    }
    case 'canceled':
      return [{ kind: 'trip-update', observedAt, ...words, scheduleRelationship: 'canceled', stops: [] }];
    default:
      return [];
  }
}
