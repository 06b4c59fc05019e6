import { COUNTED, DUPLICATE, type OutcomeCode, RESTATED } from '#domain/outcome.ts';
import type { Content } from '#domain/readings/reading-kind.ts';
import type { Member, MemberEntry } from '#domain/window.ts';
import type { SiteWindow, SlotWindow } from './streams.ts';

export interface Identified {
  outcome: OutcomeCode;
  /** The windows the reading changed: none for a duplicate; two when a restatement stood at another site. */
  changed: readonly SiteWindow[];
  moved: boolean;
}

const unchanged: readonly SiteWindow[] = [];

/**
 * Puts a reading among the members of its window. The order of the log decides: the first content of an identity is
 * counted, one seen before it is a duplicate (also after other content came in between), new content restates. A
 * reading that finds its own entry is being processed again after a crash, and gets the outcome it had.
 */
export function identify(window: SlotWindow, siteId: string, reading: Member): Identified {
  const found = findMember(window, reading.identity);
  if (!found) {
    const site = siteWindow(window, siteId);
    site.members.push(reading);
    return { outcome: COUNTED, changed: [site], moved: false };
  }
  const { member, site } = found;
  const entries = member.earlier ? [...member.earlier, member] : [member];
  const own = entries.findIndex((e) => e.position === reading.position && e.index === reading.index);
  if (own >= 0) return { outcome: own === 0 ? COUNTED : RESTATED, changed: unchanged, moved: false };
  if (entries.some((e) => sameContent(e.content, reading.content) && isBefore(e, reading))) {
    return { outcome: DUPLICATE, changed: unchanged, moved: false };
  }
  const { partition, position, index, orderedAt, content } = member;
  reading.earlier = [...(member.earlier ?? []), { partition, position, index, orderedAt, content }];
  const place = site.members.indexOf(member);
  if (site.siteId === siteId) {
    site.members[place] = reading;
    return { outcome: RESTATED, changed: [site], moved: false };
  }
  site.members.splice(place, 1);
  const target = siteWindow(window, siteId);
  target.members.push(reading);
  return { outcome: RESTATED, changed: [site, target], moved: true };
}

function findMember(
  window: SlotWindow,
  identity: Member['identity'],
): { member: Member; site: SiteWindow } | undefined {
  for (const site of window.sites) {
    const { members } = site;
    // The newest member is the likeliest to be met again.
    for (let i = members.length - 1; i >= 0; i--) {
      if (members[i]!.identity === identity) return { member: members[i]!, site };
    }
  }
  return undefined;
}

function siteWindow(window: SlotWindow, siteId: string): SiteWindow {
  for (const site of window.sites) if (site.siteId === siteId) return site;
  const made: SiteWindow = { siteId, members: [], revision: -1, reason: 'published', changed: false };
  window.sites.push(made);
  return made;
}

function isBefore(a: MemberEntry, b: MemberEntry): boolean {
  return a.orderedAt !== b.orderedAt
    ? a.orderedAt < b.orderedAt
    : a.position !== b.position
      ? a.position < b.position
      : a.index < b.index;
}

function sameContent(a: Content, b: Content): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
