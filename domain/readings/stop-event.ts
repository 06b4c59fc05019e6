import * as z from 'zod';
import {
  envelope,
  fixed,
  instantText,
  moment,
  name,
  noMoment,
  type ReadingKind,
  serviceTime,
} from './reading-kind.ts';

const schema = z.strictObject({
  kind: z.literal('stop-event'),
  ...envelope,
  vehicleId: name,
  event: z.enum(['arrival', 'departure', 'passing', 'doors-opened', 'doors-closed']),
  stopId: name,
  stopSequence: z.int().min(0).optional(),
  tripId: name.optional(),
  routeId: name.optional(),
  directionId: z.int().min(0).max(1).optional(),
  serviceDate: z.iso.date().optional(),
  /** Positive is late. */
  delayS: z.number().optional(),
  startTime: serviceTime.optional(),
  /** When the timetable has this event, where the feed says so. */
  scheduledAt: instantText.optional(),
});

export type StopEvent = z.infer<typeof schema>;

export const stopEvent: ReadingKind<StopEvent> = {
  kind: 'stop-event',
  schema,
  slot: (r) => ({ subject: r.vehicleId, direction: '', lane: 0 }),
  periodS: () => 0,
  identity: (r, observedAt) => `${observedAt}/${r.event}`,
  content: (r) => [
    r.stopId,
    r.stopSequence ?? null,
    r.tripId ?? null,
    r.routeId ?? null,
    r.directionId ?? null,
    r.serviceDate ?? null,
    fixed(r.delayS, 1),
    r.startTime ?? null,
    moment(r.scheduledAt),
  ],
  impossible: (r) => noMoment(r.scheduledAt),
};
