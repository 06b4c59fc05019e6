import type { Instant } from './instant.ts';
import type { Content } from './readings/reading-kind.ts';
import { flowIdentity } from './readings/traffic-flow.ts';
import type { Member, MemberEntry } from './window.ts';

/**
 * A window's members as they are stored in JSON, small: [partition, member, ...]. A member is
 * [identity, observedAt, [position, index, orderedAt - position, ...content], ...], first content first; a number as
 * identity stands as its distance from startAt x 1000, observedAt as its distance from startAt. Nearly all are traffic
 * flows that were sent once, and stand as [observedAt, position, index, ...content]: the rest follows.
 */
export type SerialisedMembers = [partition: number, ...SerialisedMember[]];
export type SerialisedMember = [Member['identity'], number, ...Content[]] | FlowSentOnce;
type FlowSentOnce = [observedAfter: number, position: number, index: number, ...Content];

export function membersText(members: readonly Member[], startAt: Instant): string {
  return JSON.stringify(serialiseMembers(members, startAt));
}

export function readMembersText(text: string, startAt: Instant): Member[] {
  return parseMembers(JSON.parse(text), startAt);
}

export function serialiseMembers(members: readonly Member[], startAt: Instant): SerialisedMembers {
  return [members[0]?.partition ?? 0, ...members.map((m) => serialiseMember(m, startAt))];
}

export function serialiseMember(m: Member, startAt: Instant): SerialisedMember {
  if (isFlowSentOnce(m)) return [m.observedAt - startAt, m.position, m.index, ...m.content];
  const id = typeof m.identity === 'number' ? m.identity - startAt * 1_000 : m.identity;
  const member: SerialisedMember = [id, m.observedAt - startAt];
  if (m.earlier) for (const e of m.earlier) member.push(serialiseEntry(e));
  member.push(serialiseEntry(m));
  return member;
}

export function parseMembers([partition, ...members]: SerialisedMembers, startAt: Instant): Member[] {
  return members.map((member) => {
    if (typeof member[2] === 'number') return flowSentOnce(member as FlowSentOnce, partition, startAt);
    const [id, observedAfter, ...contents] = member as Exclude<SerialisedMember, FlowSentOnce>;
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

function isFlowSentOnce({ earlier, orderedAt, position, identity, observedAt, content }: Member): boolean {
  const [periodS] = content;
  return (
    earlier === undefined &&
    orderedAt === position &&
    typeof periodS === 'number' &&
    identity === flowIdentity(observedAt, periodS)
  );
}

function flowSentOnce(member: FlowSentOnce, partition: number, startAt: Instant): Member {
  const [observedAfter, position, index, ...content] = member;
  const observedAt = startAt + observedAfter;
  const identity = flowIdentity(observedAt, content[0] as number);
  return {
    identity,
    observedAt,
    partition,
    position,
    index,
    orderedAt: position,
    content,
    earlier: undefined,
  };
}

function serialiseEntry(e: MemberEntry): Content {
  return [e.position, e.index, e.orderedAt - e.position, ...e.content];
}
