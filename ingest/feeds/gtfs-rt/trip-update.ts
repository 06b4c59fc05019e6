import { formatInstant } from '#domain/instant.ts';
import { type Decoded, type FedReading, mend } from '../feed.ts';
import { type EntityContext, instantOf, observedAtOf, tripFields, vehicleName } from './gtfs-rt.ts';
import { type Field, fieldsOf, textOf } from './protobuf.ts';

const relationships = ['scheduled', 'skipped', 'no-data', 'unscheduled'];
const MOST_STOPS = 1_000;

/** A TripUpdate, or why it is none. */
export function tripUpdateReading(bytes: Uint8Array, context: EntityContext): FedReading | string {
  const { decoded } = context;
  const fields = [...fieldsOf(bytes)];
  const find = (number: number) => fields.findLast((f) => f.number === number);
  const [trip, vehicle, time, delay] = [1, 3, 4, 5].map(find);
  const served = trip ? tripFields(trip.bytes, decoded) : {};
  const vehicleId = vehicle && vehicleName(vehicle.bytes);
  if (!served.tripId && !served.routeId && !vehicleId) return 'update-of-no-trip';
  const observedAt = observedAtOf(time && instantOf(time.value, decoded), context);
  if (observedAt === undefined) return 'no-time';
  const calls = fields.filter((f) => f.number === 2);
  if (calls.length > MOST_STOPS) mend(decoded, 'more-stops-than-1000');
  return {
    kind: 'trip-update',
    observedAt,
    ...served,
    ...(vehicleId !== undefined && { vehicleId }),
    ...(delay && { delayS: delay.value }),
    stops: calls.slice(0, MOST_STOPS).map((f) => stopOf(f, decoded)),
  };
}

function stopOf({ bytes }: Field, decoded: Decoded): Record<string, unknown> {
  const stop: Record<string, unknown> = {};
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) stop.stopSequence = field.value;
    else if (field.number === 4) {
      const stopId = textOf(field);
      if (stopId !== undefined) stop.stopId = stopId;
    } else if (field.number === 2) addEvent(stop, 'arrival', field, decoded);
    else if (field.number === 3) addEvent(stop, 'departure', field, decoded);
    else if (field.number === 5 && relationships[field.value]) stop.relationship = relationships[field.value];
  }
  return stop;
}

/** A StopTimeEvent: delay (1), time (2), scheduled time (4). */
function addEvent(
  stop: Record<string, unknown>,
  event: 'arrival' | 'departure',
  { bytes }: Field,
  decoded: Decoded,
): void {
  for (const { number, value } of fieldsOf(bytes)) {
    if (number === 1) stop[`${event}DelayS`] = value;
    else if (number === 2 || number === 4) {
      const at = instantOf(value, decoded);
      const name =
        number === 2 ? `${event}At` : event === 'arrival' ? 'scheduledArrivalAt' : 'scheduledDepartureAt';
      if (at !== undefined) stop[name] = formatInstant(at);
    }
  }
}
