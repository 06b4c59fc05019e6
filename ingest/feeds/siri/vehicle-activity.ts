import { type Decoded, type FedReading, mend } from '../feed.ts';
import { elementAt, numberAt, textAt, type XmlElement } from '../xml/xml-elements.ts';
import { durationS } from '../xml/xml-time.ts';
import { journeyNames } from './journey-names.ts';
import { type DeliveryContext, observedAtOf } from './siri.ts';

/** A VehicleActivity, or why it is none. */
export function activityReading(activity: XmlElement, context: DeliveryContext): FedReading | string {
  const { decoded } = context;
  const journey = elementAt(activity, 'MonitoredVehicleJourney');
  if (!journey) return 'activity-of-no-journey';
  const { vehicleId, ...names } = journeyNames(journey);
  if (vehicleId === undefined) return 'vehicle-of-no-name';
  const recordedAt = textAt(activity, 'RecordedAtTime');
  if (recordedAt === undefined) mend(decoded, 'time-of-delivery');
  const observedAt = observedAtOf(recordedAt, context);
  if (observedAt === undefined) return 'no-time';
  const delayS = durationS(textAt(journey, 'Delay'));
  const stopId = textAt(journey, 'MonitoredCall', 'StopPointRef');
  const order = numberAt(journey, 'MonitoredCall', 'Order');
  const occupancy = textAt(journey, 'Occupancy');
  return {
    kind: 'vehicle-position',
    observedAt,
    vehicleId,
    ...positionFields(journey, decoded),
    ...names,
    ...(delayS !== undefined && { delayS }),
    ...(stopId !== undefined && { stopId }),
    ...(order !== undefined && Number.isInteger(order) && order >= 0 && { stopSequence: order }),
    ...(textAt(journey, 'MonitoredCall', 'VehicleAtStop') === 'true' && { status: 'stopped-at' }),
    ...(occupancy !== undefined && {
      occupancyStatus: occupancy.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`),
    }),
  };
}

/** Velocity is in metres a second. Coordinates of another system than WGS 84 are not converted. */
function positionFields(journey: XmlElement, decoded: Decoded): Record<string, number> {
  const fields: Record<string, number> = {};
  const lat = numberAt(journey, 'VehicleLocation', 'Latitude');
  const lon = numberAt(journey, 'VehicleLocation', 'Longitude');
  if (lat !== undefined && lon !== undefined) Object.assign(fields, { lat, lon });
  else {
    const told = elementAt(journey, 'VehicleLocation');
    mend(decoded, told?.children.some((c) => c.name === 'Coordinates') ? 'other-coordinates' : 'no-position');
  }
  const bearing = numberAt(journey, 'Bearing');
  if (bearing !== undefined) {
    if (bearing >= 0 && bearing <= 360) fields.headingDeg = bearing;
    else mend(decoded, 'no-heading');
  }
  const velocity = numberAt(journey, 'Velocity');
  if (velocity !== undefined) {
    if (velocity >= 0) fields.speedKmh = Math.round(velocity * 3_600) / 1_000;
    else mend(decoded, 'no-speed');
  }
  return fields;
}
