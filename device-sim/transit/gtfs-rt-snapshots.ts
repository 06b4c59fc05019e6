import { type Instant, SECOND_MS } from '#domain/instant.ts';
import { bytesField, doubleField, floatField, message, numberField, textField } from './protobuf-bytes.ts';
import type { TripRun } from './service-day.ts';
import type { Report } from './vehicle-reports.ts';

export interface Snapshot {
  /** When it was made, and received. */
  at: Instant;
  body: Uint8Array;
}

const CANCELED = 3;
const STOPPED_AT = 1;
const IN_TRANSIT_TO = 2;

/**
 * What vehicles report as GTFS-Realtime snapshots, one every so many seconds: the last position of each vehicle that reported
 * since the one before, and trips called off until they would have begun. It has no word for passenger counts.
 */
export function* gtfsRtSnapshots(reports: Iterable<Report>, everyS: number): Generator<Snapshot> {
  const everyMs = everyS * SECOND_MS;
  const positions = new Map<string, Report & { type: 'position' }>();
  const canceled = new Set<TripRun>();
  let dueAt = Number.NaN;
  for (const report of reports) {
    if (Number.isNaN(dueAt)) dueAt = Math.ceil(report.receivedAt / everyMs) * everyMs;
    for (; report.receivedAt >= dueAt; dueAt += everyMs) {
      yield { at: dueAt, body: feedMessage(dueAt, positions.values(), canceled) };
      positions.clear();
      for (const run of canceled) if (run.dueAt < dueAt) canceled.delete(run);
    }
    if (report.type === 'position') positions.set(report.run.vehicleId, report);
    if (report.type === 'canceled') canceled.add(report.run);
  }
  if (positions.size > 0) yield { at: dueAt, body: feedMessage(dueAt, positions.values(), canceled) };
}

function feedMessage(
  at: Instant,
  positions: Iterable<Report & { type: 'position' }>,
  canceled: Iterable<TripRun>,
): Uint8Array {
  const header = message(textField(1, '2.0'), numberField(2, 0), numberField(3, at / SECOND_MS));
  const entities: Uint8Array[] = [];
  for (const p of positions) {
    const position = message(
      floatField(1, p.lat),
      floatField(2, p.lon),
      floatField(3, p.headingDeg),
      doubleField(4, p.odometerM),
      floatField(5, p.speedKmh / 3.6),
    );
    const vehicle = message(
      bytesField(1, tripDescriptor(p.run, 0)),
      bytesField(2, position),
      numberField(4, p.atStop ? STOPPED_AT : IN_TRANSIT_TO),
      numberField(5, Math.floor(p.at / SECOND_MS)),
      ...(p.visit ? [textField(7, p.visit.stopId)] : []),
      bytesField(8, message(textField(1, p.run.vehicleId))),
    );
    entities.push(bytesField(2, message(textField(1, `v-${p.run.vehicleId}`), bytesField(4, vehicle))));
  }
  for (const run of canceled) {
    const update = message(bytesField(1, tripDescriptor(run, CANCELED)));
    entities.push(bytesField(2, message(textField(1, `t-${run.trip.tripId}`), bytesField(3, update))));
  }
  return message(bytesField(1, header), ...entities);
}

function tripDescriptor({ trip, pattern, serviceDate }: TripRun, relationship: number): Uint8Array {
  return message(
    textField(1, trip.tripId),
    textField(3, serviceDate.replaceAll('-', '')),
    numberField(4, relationship),
    textField(5, pattern.routeId),
    numberField(6, pattern.directionId),
  );
}
