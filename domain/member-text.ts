import type { Instant } from './instant.ts';
import type { Content } from './readings/reading-kind.ts';
import type { Member } from './window.ts';

/**
 * A window's members as they are stored in JSON, small: [partition, member, ...]. A member is
 * [identity, observedAt, [position, index, orderedAt - position, ...content], ...]; a number as identity stands as its
 * distance from startAt x 1000, observedAt as its distance from startAt.
 */
export type SerialisedMembers = [partition: number, ...SerialisedMember[]];
type SerialisedMember = [Member['identity'], number, ...Content[]];

export function serialiseMembers(members: readonly Member[], startAt: Instant): SerialisedMembers {
  const out: SerialisedMembers = [members[0]?.entries[0]?.partition ?? 0];
  for (const { identity, observedAt, entries } of members) {
    const id = typeof identity === 'number' ? identity - startAt * 1_000 : identity;
    const member: SerialisedMember = [id, observedAt - startAt];
    for (const e of entries) member.push([e.position, e.index, e.orderedAt - e.position, ...e.content]);
    out.push(member);
  }
  return out;
}

export function parseMembers([partition, ...members]: SerialisedMembers, startAt: Instant): Member[] {
  return members.map(([id, observedAfter, ...entries]) => ({
    identity: typeof id === 'number' ? id + startAt * 1_000 : id,
    observedAt: startAt + observedAfter,
    entries: entries.map(([position, index, orderedAfter, ...content]) => ({
      partition,
      position: position as number,
      index: index as number,
      orderedAt: (position as number) + (orderedAfter as number),
      content,
    })),
  }));
}
