import * as z from 'zod';
import { envelope, fixed, name, type ReadingKind } from './reading-kind.ts';

const schema = z.strictObject({
  kind: z.literal('travel-time'),
  ...envelope,
  periodS: z.int().min(1).max(86_400),
  /** The link or corridor travelled. */
  linkId: name,
  /** Mean over the period. */
  travelTimeS: z.number().min(0),
  /** Vehicles the mean rests on. */
  samples: z.int().min(0).optional(),
});

export type TravelTime = z.infer<typeof schema>;

export const travelTime: ReadingKind<TravelTime> = {
  kind: 'travel-time',
  schema,
  slot: (r) => ({ subject: r.linkId, direction: '', lane: 0 }),
  periodS: (r) => r.periodS,
  identity: (r, observedAt) => observedAt * 1_000 + (r.periodS % 1_000),
  content: (r) => [r.periodS, fixed(r.travelTimeS, 1_000), r.samples ?? null],
  impossible: (r) =>
    r.travelTimeS === 0
      ? 'travelTimeS is 0: nothing travels in no time'
      : r.travelTimeS > 86_400
        ? `travelTimeS ${r.travelTimeS} is over a day; is it in another unit?`
        : undefined,
};
