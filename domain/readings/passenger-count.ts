import * as z from 'zod';
import { envelope, name, type ReadingKind } from './reading-kind.ts';

const people = z.int().min(0).max(100_000);

const schema = z.strictObject({
  kind: z.literal('passenger-count'),
  ...envelope,
  vehicleId: name,
  door: z.int().min(1).max(20).optional(),
  stopId: name.optional(),
  tripId: name.optional(),
  boarded: people.optional(),
  alighted: people.optional(),
  /** Passengers aboard after the exchange. */
  load: people.optional(),
});

export type PassengerCount = z.infer<typeof schema>;

export const passengerCount: ReadingKind<PassengerCount> = {
  kind: 'passenger-count',
  schema,
  slot: (r) => ({ subject: r.vehicleId, direction: '', lane: r.door ?? 0 }),
  periodS: () => 0,
  identity: (_r, observedAt) => observedAt,
  content: (r) => [r.stopId ?? null, r.tripId ?? null, r.boarded ?? null, r.alighted ?? null, r.load ?? null],
  impossible: (r) => {
    if (r.boarded === undefined && r.alighted === undefined && r.load === undefined) {
      return 'the reading counts nothing: no boarded, alighted or load';
    }
    const most = Math.max(r.boarded ?? 0, r.alighted ?? 0, r.load ?? 0);
    return most > 2_000 ? `${most} passengers do not fit in one vehicle` : undefined;
  },
};
