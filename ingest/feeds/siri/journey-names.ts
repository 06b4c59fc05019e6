import { parseInstant } from '#domain/instant.ts';
import { textAt, type XmlElement } from '../xml/xml-elements.ts';

/**
 * Trip, line, service day and vehicle of a journey, as producers name them. A vehicle is known by its operator: fleet
 * numbers of two operators may be the same.
 */
export function journeyNames(journey: XmlElement): Record<string, string> {
  const tripId =
    textAt(journey, 'FramedVehicleJourneyRef', 'DatedVehicleJourneyRef') ??
    textAt(journey, 'DatedVehicleJourneyRef') ??
    textAt(journey, 'EstimatedVehicleJourneyCode') ??
    textAt(journey, 'VehicleJourneyRef');
  const routeId = textAt(journey, 'LineRef');
  const frame = textAt(journey, 'FramedVehicleJourneyRef', 'DataFrameRef');
  const isDay = frame !== undefined && parseInstant(`${frame}T00:00:00Z`) !== undefined;
  const operator = textAt(journey, 'OperatorRef');
  const vehicle = textAt(journey, 'VehicleRef');
  return {
    ...(tripId && { tripId }),
    ...(routeId && { routeId }),
    ...(isDay && { serviceDate: frame }),
    ...(vehicle && { vehicleId: operator ? `${operator}/${vehicle}` : vehicle }),
  };
}
