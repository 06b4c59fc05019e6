import { formatInstant } from '#domain/instant.ts';
import type { TripRun } from './service-day.ts';
import type { LeftOut, Plant } from './timetable-plants.ts';
import type { TransitNetwork } from './transit-network.ts';

/** Writes down what is planted on the lines, one JSON object each, each with `truth` naming what it is (see README). */
export function plantedTransit(network: TransitNetwork): string[] {
  return [
    ...network.routes.map((r) => line('transit-route', { ...r })),
    ...network.patterns.flatMap(({ patternId, routeId, directionId, stops, slowZone }) =>
      slowZone
        ? [
            line('slow-zone', {
              patternId,
              routeId,
              directionId,
              ...slowZone,
              stops: stops
                .filter((s) => s.alongM >= slowZone.fromM && s.alongM <= slowZone.toM)
                .map((s) => s.stopId),
            }),
          ]
        : [],
    ),
  ];
}

/** What is planted on a timetable that somebody else made, and what could not be. */
export function plantTruth(planted: readonly Plant[], leftOut: readonly LeftOut[]): string[] {
  return [...planted.map((p) => line('plant', p)), ...leftOut.map((l) => line('plant-left-out', l))];
}

/** A trip as it went, and each of its visits. */
export function tripTruth(run: TripRun): string[] {
  const { trip, pattern, serviceDate, fate, vehicleId } = run;
  const of = { date: serviceDate, tripId: trip.tripId };
  return [
    line('trip', {
      ...of,
      routeId: pattern.routeId,
      directionId: pattern.directionId,
      fate,
      ...(vehicleId !== '' && { vehicleId }),
      dueAt: formatInstant(run.dueAt),
    }),
    ...run.visits.map(({ arrivalAt, departureAt, ...visit }) =>
      line('visit', {
        ...of,
        vehicleId,
        ...visit,
        arrivalAt: formatInstant(arrivalAt),
        departureAt: formatInstant(departureAt),
      }),
    ),
  ];
}

function line(truth: string, body: object): string {
  return `${JSON.stringify({ truth, ...body })}\n`;
}
