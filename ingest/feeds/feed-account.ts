import { formatInstant, type Instant } from '#domain/instant.ts';
import type { Decoded, FedReading, ForeignMessage } from './feed.ts';

/** Keeps the sum of what a feed heard, heard = used + unusable, until it is told. */
export interface FeedAccount {
  add(decoded: Decoded, message: Pick<ForeignMessage, 'receivedAt' | 'isReceiptUnknown'>): void;
  /** When the first thing came that is not told yet. */
  heardSince(): Instant | undefined;
  /** What was heard since the last, as a reading of when the latest of it came; `undefined` where nothing came. */
  tell(): FedReading | undefined;
}

interface Sum {
  since: Instant;
  latest: Instant;
  heard: number;
  lost: number;
  unusable: Map<string, number>;
  mended: Map<string, number>;
  headerAt: Instant | undefined;
}

export function feedAccount(): FeedAccount {
  let sum: Sum | undefined;
  let toldAt = Number.NEGATIVE_INFINITY;
  return {
    add: (decoded, { receivedAt, isReceiptUnknown }) => {
      sum ??= {
        since: receivedAt,
        latest: receivedAt,
        heard: 0,
        lost: 0,
        unusable: new Map(),
        mended: new Map(),
        headerAt: undefined,
      };
      sum.latest = Math.max(sum.latest, receivedAt);
      sum.heard += decoded.heard;
      sum.lost += decoded.unusable.length;
      for (const { reason } of decoded.unusable) count(sum.unusable, reason, 1);
      for (const [reason, n] of decoded.mended) count(sum.mended, reason, n);
      // How long after its making it came can be told only where somebody noted when it came.
      if (!isReceiptUnknown) sum.headerAt = decoded.headerAt ?? sum.headerAt;
    },
    heardSince: () => sum?.since,
    tell: () => {
      if (!sum) return undefined;
      const { latest, heard, lost, unusable, mended, headerAt } = sum;
      sum = undefined;
      // Two statuses of one moment would restate each other.
      toldAt = Math.max(toldAt + 1, latest);
      return {
        kind: 'feed-status',
        observedAt: formatInstant(toldAt),
        ...(headerAt !== undefined && { headerAt: formatInstant(headerAt) }),
        heard,
        used: heard - lost,
        ...(unusable.size > 0 && { unusable: Object.fromEntries(unusable) }),
        ...(mended.size > 0 && { mended: Object.fromEntries(mended) }),
      };
    },
  };
}

function count(counts: Map<string, number>, name: string, n: number): void {
  counts.set(name, (counts.get(name) ?? 0) + n);
}
