import type { Instant } from './instant.ts';
import type { Content } from './readings/reading-kind.ts';
import type { Member, MemberEntry } from './window.ts';

/**
 * A window's members as they are stored in JSON, small: [partition, member, ...]. A member is
 * [identity, observedAt, [position, index, orderedAt - position, ...content], ...], first content first; a number as
 * identity stands as its distance from startAt x 1000, observedAt as its distance from startAt.
 */
export type SerialisedMembers = [partition: number, ...SerialisedMember[]];
type SerialisedMember = [Member['identity'], number, ...Content[]];

export function serialiseMembers(members: readonly Member[], startAt: Instant): SerialisedMembers {
  const out: SerialisedMembers = [members[0]?.partition ?? 0];
  for (const m of members) {
    const id = typeof m.identity === 'number' ? m.identity - startAt * 1_000 : m.identity;
    const member: SerialisedMember = [id, m.observedAt - startAt];
    if (m.earlier) for (const e of m.earlier) member.push(serialiseEntry(e));
    member.push(serialiseEntry(m));
    out.push(member);
  }
  return out;
}

export function parseMembers([partition, ...members]: SerialisedMembers, startAt: Instant): Member[] {
  return members.map(([id, observedAfter, ...contents]) => {
    const entries = contents.map(
      ([position, index, orderedAfter, ...content]): MemberEntry => ({
        partition,
        position: position as number,
        index: index as number,
        orderedAt: (position as number) + (orderedAfter as number),
        content,
      }),
    );
    return {
      identity: typeof id === 'number' ? id + startAt * 1_000 : id,
      observedAt: startAt + observedAfter,
      ...entries.at(-1)!,
      earlier: entries.length > 1 ? entries.slice(0, -1) : undefined,
    };
  });
}

function serialiseEntry(e: MemberEntry): Content {
  return [e.position, e.index, e.orderedAt - e.position, ...e.content];
}
