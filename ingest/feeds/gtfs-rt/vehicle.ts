import { type Decoded, type FedReading, mend } from '../feed.ts';
import { type EntityContext, instantOf, observedAtOf, tripFields, vehicleName } from './gtfs-rt.ts';
import { fieldsOf, textOf } from './protobuf.ts';

const IN_TRANSIT_TO = 2;
const statuses = ['incoming-at', 'stopped-at', 'in-transit-to'];
/** By number; without the two that say nothing is known. */
const occupancies: Readonly<Record<number, string>> = {
  0: 'empty',
  1: 'many-seats-available',
  2: 'few-seats-available',
  3: 'standing-room-only',
  4: 'crushed-standing-room-only',
  5: 'full',
  6: 'not-accepting-passengers',
  8: 'not-boardable',
};

/** A VehiclePosition, or why it is none. A vehicle without a name is named by its trip, else by its entity. */
export function vehicleReading(
  bytes: Uint8Array,
  entityId: string,
  context: EntityContext,
): FedReading | string {
  const { decoded } = context;
  const fields = [...fieldsOf(bytes)];
  const find = (number: number) => fields.findLast((f) => f.number === number);
  const [trip, vehicle, position, sequence, status, time, stop, occupancy, share] = [
    1, 8, 2, 3, 4, 5, 7, 9, 10,
  ].map(find);
  const served = trip ? tripFields(trip.bytes, decoded) : {};
  const told = vehicle && vehicleName(vehicle.bytes);
  if (!told) mend(decoded, 'vehicle-without-name');
  const vehicleId =
    told ?? (served.tripId ? `trip:${served.tripId}` : entityId ? `entity:${entityId}` : undefined);
  if (vehicleId === undefined) return 'vehicle-of-no-name';
  const observedAt = observedAtOf(time && instantOf(time.value, decoded), context);
  if (observedAt === undefined) return 'no-time';
  const stopId = stop && textOf(stop);
  const atStop = stopId !== undefined || sequence !== undefined;
  if (!position) mend(decoded, 'no-position');
  return {
    kind: 'vehicle-position',
    observedAt,
    vehicleId,
    ...(position && positionFields(position.bytes, decoded)),
    ...served,
    ...(stopId !== undefined && { stopId }),
    ...(sequence && { stopSequence: sequence.value }),
    // The default says something only where there is a stop.
    ...((status || atStop) && { status: statuses[status?.value ?? IN_TRANSIT_TO] ?? 'in-transit-to' }),
    ...(occupancy && occupancies[occupancy.value] && { occupancyStatus: occupancies[occupancy.value] }),
    ...(share && share.value >= 0 && { loadShare: share.value / 100 }),
  };
}

/** Numbers that can not be are left out. */
function positionFields(bytes: Uint8Array, decoded: Decoded): Record<string, number> {
  const values: number[] = [];
  for (const field of fieldsOf(bytes)) if (field.type === 'float') values[field.number] = field.value;
  const [, lat, lon, bearing, odometer, speed] = values;
  const position: Record<string, number> = {};
  if (Number.isFinite(lat) && Number.isFinite(lon)) {
    position.lat = shortest(lat!);
    position.lon = shortest(lon!);
  } else mend(decoded, 'position-not-a-number');
  if (bearing !== undefined) {
    if (bearing >= 0 && bearing <= 360) position.headingDeg = Math.round(bearing * 10) / 10;
    else mend(decoded, 'no-heading');
  }
  if (odometer !== undefined) {
    if (odometer >= 0 && Number.isFinite(odometer)) position.odometerM = odometer;
    else mend(decoded, 'no-odometer');
  }
  if (speed !== undefined) {
    if (speed >= 0 && Number.isFinite(speed)) position.speedKmh = Math.round(speed * 3_600) / 1_000;
    else mend(decoded, 'no-speed');
  }
  return position;
}

/** The shortest decimal that is this float of 32 bits: what the producer wrote, without the digits of a wider one. */
function shortest(float: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const value = Number(float.toPrecision(digits));
    if (Math.fround(value) === float) return value;
  }
  return Number(float.toPrecision(9));
}
