import { formatInstant } from '#domain/instant.ts';
import { type FedReading, mend } from '../feed.ts';
import { childrenOf, elementAt, numberAt, textAt, type XmlElement } from '../xml/xml-elements.ts';
import { xmlInstant } from '../xml/xml-time.ts';
import { journeyNames } from './journey-names.ts';
import { type DeliveryContext, observedAtOf } from './siri.ts';

const MOST_STOPS = 1_000;

/** An EstimatedVehicleJourney, or why it is none. */
export function journeyReading(journey: XmlElement, context: DeliveryContext): FedReading | string {
  const names = journeyNames(journey);
  if (!names.tripId && !names.routeId && !names.vehicleId) return 'journey-of-no-name';
  const observedAt = observedAtOf(textAt(journey, 'RecordedAtTime'), context);
  if (observedAt === undefined) return 'no-time';
  const canceled = textAt(journey, 'Cancellation') === 'true';
  const extra = textAt(journey, 'ExtraJourney') === 'true';
  const calls = [
    ...childrenOf(elementAt(journey, 'RecordedCalls'), 'RecordedCall'),
    ...childrenOf(elementAt(journey, 'EstimatedCalls'), 'EstimatedCall'),
  ];
  if (calls.length > MOST_STOPS) mend(context.decoded, 'more-stops-than-1000');
  return {
    kind: 'trip-update',
    observedAt,
    ...names,
    ...(canceled || extra ? { scheduleRelationship: canceled ? 'canceled' : 'added' } : {}),
    stops: calls.slice(0, MOST_STOPS).map((call) => stopOf(call, context)),
  };
}

/** Where a call has times that were observed, those alone count; otherwise what is expected. */
function stopOf(call: XmlElement, { city, decoded }: DeliveryContext): Record<string, unknown> {
  const timeOf = (name: string): string | undefined => {
    const text = textAt(call, name);
    const at = xmlInstant(text, city);
    if (text !== undefined && at === undefined) mend(decoded, 'unreadable-time');
    return at === undefined ? undefined : formatInstant(at);
  };
  const actual = { arrivalAt: timeOf('ActualArrivalTime'), departureAt: timeOf('ActualDepartureTime') };
  const recorded = actual.arrivalAt !== undefined || actual.departureAt !== undefined;
  const order = numberAt(call, 'Order');
  const stop: Record<string, unknown> = {
    stopId: textAt(call, 'StopPointRef'),
    stopSequence: order !== undefined && Number.isInteger(order) && order >= 0 ? order : undefined,
    ...(recorded
      ? { ...actual, recorded }
      : { arrivalAt: timeOf('ExpectedArrivalTime'), departureAt: timeOf('ExpectedDepartureTime') }),
    scheduledArrivalAt: timeOf('AimedArrivalTime'),
    scheduledDepartureAt: timeOf('AimedDepartureTime'),
  };
  if (textAt(call, 'Cancellation') === 'true') stop.relationship = 'skipped';
  else if (textAt(call, 'ExtraCall') === 'true') stop.relationship = 'unscheduled';
  return Object.fromEntries(Object.entries(stop).filter(([, value]) => value !== undefined));
}
