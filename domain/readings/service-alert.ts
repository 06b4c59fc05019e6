import * as z from 'zod';
import { envelope, instantText, moment, name, noMoment, type ReadingKind } from './reading-kind.ts';

const schema = z.strictObject({
  kind: z.literal('service-alert'),
  ...envelope,
  alertId: name,
  /** GTFS-Realtime's words in small letters, such as `technical-problem`, `detour`, `severe`. */
  cause: name.optional(),
  effect: name.optional(),
  severity: name.optional(),
  /** Half-open; without an end it lasts until it is no longer sent. */
  activePeriods: z
    .array(z.strictObject({ from: instantText.optional(), to: instantText.optional() }))
    .max(200)
    .optional(),
  /** Whom it concerns: all that one entry names must fit. */
  informs: z
    .array(
      z.strictObject({
        agencyId: name.optional(),
        routeId: name.optional(),
        tripId: name.optional(),
        stopId: name.optional(),
      }),
    )
    .max(2_000)
    .optional(),
  header: z.string().max(1_000).optional(),
  description: z.string().max(8_000).optional(),
});

export type ServiceAlert = z.infer<typeof schema>;

export const serviceAlert: ReadingKind<ServiceAlert> = {
  kind: 'service-alert',
  schema,
  slot: () => ({ subject: '', direction: '', lane: 0 }),
  periodS: () => 0,
  identity: (r, observedAt) => `${observedAt}/${r.alertId}`,
  content: (r) => [
    r.cause ?? null,
    r.effect ?? null,
    r.severity ?? null,
    ...(r.activePeriods ?? []).flatMap((p) => [moment(p.from), moment(p.to)]),
    ...(r.informs ?? []).flatMap((i) => [
      i.agencyId ?? null,
      i.routeId ?? null,
      i.tripId ?? null,
      i.stopId ?? null,
    ]),
    r.header ?? null,
    r.description ?? null,
  ],
  impossible: (r) => noMoment(...(r.activePeriods ?? []).flatMap((p) => [p.from, p.to])),
};
