import type { Instant } from './instant.ts';
import type { Content } from './readings/reading-kind.ts';
import type { Member } from './window.ts';

/** [identity, observedAt, [partition, position, index, orderedAt, ...content], ...]: a member as it is stored in JSON. */
export type SerialisedMember = [Member['identity'], Instant, ...Content[]];

export function serialiseMembers(members: readonly Member[]): SerialisedMember[] {
  return members.map((m) => [
    m.identity,
    m.observedAt,
    ...m.entries.map((e) => [e.partition, e.position, e.index, e.orderedAt, ...e.content]),
  ]);
}

export function parseMembers(members: readonly SerialisedMember[]): Member[] {
  return members.map(([identity, observedAt, ...entries]) => ({
    identity,
    observedAt,
    entries: entries.map(([partition, position, index, orderedAt, ...content]) => ({
      partition: partition as number,
      position: position as number,
      index: index as number,
      orderedAt: orderedAt as number,
      content,
    })),
  }));
}
