import { COUNTED, DUPLICATE, type OutcomeCode, RESTATED } from '#domain/outcome.ts';
import type { Content } from '#domain/readings/reading-kind.ts';
import type { Member, MemberEntry } from '#domain/window.ts';
import { addMember, findPlain, plainMember, removePlain } from './members.ts';
import { newSiteWindow, type SiteWindow, type SlotWindow } from './streams.ts';

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
  const found = findMember(window, reading);
  if (!found) {
    const site = siteWindow(window, siteId);
    addMember(site, reading);
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
  remove(found);
  const target = siteWindow(window, siteId);
  addMember(target, reading);
  return site === target
    ? { outcome: RESTATED, changed: [site], moved: false }
    : { outcome: RESTATED, changed: [site, target], moved: true };
}

/** Whether any member of the window, at whatever site, has this identity. */
export function isMember(window: SlotWindow, identity: Member['identity']): boolean {
  if (window.only) return isAt(window.only, identity);
  for (const site of window.sites) if (isAt(site, identity)) return true;
  return false;
}

function isAt(site: SiteWindow, identity: Member['identity']): boolean {
  if (findPlain(site, identity) >= 0) return true;
  if (site.others.length > 0) for (const m of site.others) if (m.identity === identity) return true;
  return false;
}

interface Found {
  member: Member;
  site: SiteWindow;
  /** Its place: in `plain` where it is plain, else in `others`. */
  at: number;
  plain: boolean;
}

function findMember(
  window: SlotWindow,
  { identity, observedAt, partition }: Pick<Member, 'identity' | 'observedAt' | 'partition'>,
): Found | undefined {
  for (const site of window.sites) {
    const at = findPlain(site, identity);
    if (at >= 0) return { member: plainMember(site, at, partition), site, at, plain: true };
    if (observedAt > site.othersUpTo) continue;
    const { others } = site;
    for (let i = others.length - 1; i >= 0; i--) {
      if (others[i]!.identity === identity) return { member: others[i]!, site, at: i, plain: false };
    }
  }
  return undefined;
}

function remove({ site, at, plain }: Found): void {
  if (plain) removePlain(site, at);
  else site.others.splice(at, 1);
}

export function siteWindow(window: SlotWindow, siteId: string): SiteWindow {
  if (window.only?.siteId === siteId) return window.only;
  for (const site of window.sites) if (site.siteId === siteId) return site;
  return newSiteWindow(window, siteId, -1, 'published');
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
