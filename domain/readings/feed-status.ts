import * as z from 'zod';
import {
  envelope,
  instantText,
  moment,
  name,
  noMoment,
  type ReadingKind,
  wholeDevice,
} from './reading-kind.ts';

const counts = z.record(name, z.int().min(0));

const schema = z.strictObject({
  kind: z.literal('feed-status'),
  ...envelope,
  /** When the producer says it made what it sent; absent where nobody noted when that came. */
  headerAt: instantText.optional(),
  /** Foreign things heard since the last status: entities, messages, journeys, measurements. */
  heard: z.int().min(0),
  /** Of which became readings. */
  used: z.int().min(0),
  /** Of which did not, by reason: each is logged as it came. heard = used + their sum. */
  unusable: counts.optional(),
  /** What was left out of a reading, or put right where only one reading of it is possible, by reason. */
  mended: counts.optional(),
});

/** What a feed made of what it heard. */
export type FeedStatus = z.infer<typeof schema>;

export const feedStatus: ReadingKind<FeedStatus> = {
  kind: 'feed-status',
  schema,
  slot: () => wholeDevice,
  periodS: () => 0,
  identity: (_r, observedAt) => observedAt,
  content: (r) => [
    moment(r.headerAt),
    r.heard,
    r.used,
    ...sorted(r.unusable),
    ...sorted(r.mended).map((v) => (typeof v === 'string' ? `mended ${v}` : v)),
  ],
  impossible: (r) => {
    const lost = Object.values(r.unusable ?? {}).reduce((sum, n) => sum + n, 0);
    if (r.heard !== r.used + lost) return `heard ${r.heard} is not used ${r.used} + unusable ${lost}`;
    return noMoment(r.headerAt);
  },
};

function sorted(counts: Record<string, number> | undefined): (string | number)[] {
  return Object.entries(counts ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flat();
}
