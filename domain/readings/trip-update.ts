import * as z from 'zod';
import {
  type Content,
  envelope,
  fixed,
  instantText,
  moment,
  name,
  noMoment,
  type ReadingKind,
  serviceTime,
  tripRelationship,
} from './reading-kind.ts';

const call = z.strictObject({
  stopId: name.optional(),
  stopSequence: z.int().min(0).optional(),
  /** As expected, or as it was where `recorded`. */
  arrivalAt: instantText.optional(),
  departureAt: instantText.optional(),
  /** Positive is late. */
  arrivalDelayS: z.number().optional(),
  departureDelayS: z.number().optional(),
  scheduledArrivalAt: instantText.optional(),
  scheduledDepartureAt: instantText.optional(),
  relationship: z.enum(['scheduled', 'skipped', 'no-data', 'unscheduled']).optional(),
  /** The times are observed, not expected. */
  recorded: z.boolean().optional(),
});

const schema = z.strictObject({
  kind: z.literal('trip-update'),
  ...envelope,
  tripId: name.optional(),
  routeId: name.optional(),
  directionId: z.int().min(0).max(1).optional(),
  /** Local service day, YYYY-MM-DD. */
  serviceDate: z.iso.date().optional(),
  startTime: serviceTime.optional(),
  vehicleId: name.optional(),
  scheduleRelationship: tripRelationship.optional(),
  /** Of the trip as a whole; positive is late. */
  delayS: z.number().optional(),
  stops: z.array(call).max(1_000),
});

/** What a feed says at `observedAt` of one trip's calls at its stops: a forecast, which no stop event can carry. */
export type TripUpdate = z.infer<typeof schema>;

export const tripUpdate: ReadingKind<TripUpdate> = {
  kind: 'trip-update',
  schema,
  // Routes are few and stay; trips would make new event times every day.
  slot: (r) => ({ subject: r.routeId ?? '', direction: '', lane: 0 }),
  periodS: () => 0,
  identity: (r, observedAt) =>
    `${observedAt}/${r.tripId ?? r.vehicleId ?? ''}/${r.directionId ?? ''}/${r.serviceDate ?? ''}/${r.startTime ?? ''}`,
  content: (r) => [
    r.vehicleId ?? null,
    r.scheduleRelationship ?? null,
    fixed(r.delayS, 1),
    ...r.stops.flatMap(contentOfCall),
  ],
  impossible: (r) => {
    if (r.tripId === undefined && r.routeId === undefined && r.vehicleId === undefined) {
      return 'the update is of no trip: no tripId, routeId or vehicleId';
    }
    for (const s of r.stops) {
      const wrong = noMoment(s.arrivalAt, s.departureAt, s.scheduledArrivalAt, s.scheduledDepartureAt);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  },
};

function contentOfCall(s: z.infer<typeof call>): Content {
  return [
    s.stopId ?? null,
    s.stopSequence ?? null,
    moment(s.arrivalAt),
    moment(s.departureAt),
    fixed(s.arrivalDelayS, 1),
    fixed(s.departureDelayS, 1),
    moment(s.scheduledArrivalAt),
    moment(s.scheduledDepartureAt),
    s.relationship ?? null,
    s.recorded === undefined ? null : Number(s.recorded),
  ];
}
