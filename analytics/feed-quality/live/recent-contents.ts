import type { Instant } from '#domain/instant.ts';
import type { Content } from '#domain/readings/reading-kind.ts';

/** As processing has it, by what is remembered. `unknown`: of a moment too long ago to tell. */
export type Standing = 'counted' | 'duplicate' | 'restated' | 'unknown';

export interface RecentContents {
  /** `name` tells readings of one moment apart. */
  stand(at: Instant, name: string, content: Content): Standing;
}

/** Of each vehicle, or trip, so many readings. */
const REMEMBERED = 64;

/**
 * Tells duplicates and restatements among what one subject sent lately. Contents are remembered as hashes: a kilobyte a
 * subject, however much it sends.
 */
export function recentContents(): RecentContents {
  const moments = new Float64Array(REMEMBERED).fill(Number.NaN);
  const names = new Int32Array(REMEMBERED);
  const contents = new Int32Array(REMEMBERED);
  let next = 0;
  let newest = Number.NEGATIVE_INFINITY;
  let forgottenUpTo = Number.NEGATIVE_INFINITY;

  const seen = (at: Instant, name: number, content: number): Standing => {
    let standing: Standing = at <= forgottenUpTo ? 'unknown' : 'counted';
    for (let i = 0; i < REMEMBERED; i++) {
      if (moments[i] !== at || names[i] !== name) continue;
      if (contents[i] === content) return 'duplicate';
      standing = 'restated';
    }
    return standing;
  };

  return {
    stand: (at, name, content) => {
      const nameHash = hashOf(name);
      const contentHash = hashOf(content.join('\u0000'));
      const standing = at > newest ? 'counted' : seen(at, nameHash, contentHash);
      if (standing === 'duplicate' || standing === 'unknown') return standing;
      if (moments[next]! > forgottenUpTo) forgottenUpTo = moments[next]!;
      moments[next] = at;
      names[next] = nameHash;
      contents[next] = contentHash;
      next = (next + 1) % REMEMBERED;
      newest = Math.max(newest, at);
      return standing;
    },
  };
}

/** FNV-1a over UTF-16 code units. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash | 0;
}
