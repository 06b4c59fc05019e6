import type { Instant } from '#domain/instant.ts';
import { type SerialisedMember, serialiseMember } from '#domain/member-text.ts';
import type { Content } from '#domain/readings/reading-kind.ts';
import { flowIdentity } from '#domain/readings/traffic-flow.ts';
import type { Member } from '#domain/window.ts';
import { asciiText } from './ascii-text.ts';
import { type ClassSet, classSetOf, noClasses } from './class-set.ts';

/**
 * A window's members. One that was sent once and whose content is a number, three numbers or nulls, and counts by class
 * or none (a traffic flow without bins: nearly all) lies flat in `plain`, with NaN for null: no object a reading, and
 * little memory to touch. All of these count the same classes; whatever differs is an object. A window's arrays serve
 * another when it is gone.
 */
export interface Members {
  /** `stride` numbers each: see below. */
  plain: number[];
  /** Numbers of `plain` in use; what lies beyond belongs to a window that is gone. */
  plainEnd: number;
  stride: number;
  classes: ClassSet;
  others: Member[];
  /** None of the others was observed later: an identity tells its moment, so what comes in order is known to nobody. */
  othersUpTo: Instant;
}

export function noMembers(): Members {
  return {
    plain: [],
    plainEnd: 0,
    stride: PLAIN,
    classes: noClasses,
    others: [],
    othersUpTo: Number.NEGATIVE_INFINITY,
  };
}

/** The members are stored elsewhere: room for others. */
export function clearMembers(members: Members): void {
  members.plainEnd = 0;
  if (members.plain.length > MOST_KEPT) members.plain = [];
  if (members.others.length > 0) members.others = [];
  members.othersUpTo = Number.NEGATIVE_INFINITY;
}

const MOST_KEPT = 1_024;

/** Numbers of a plain member, in order: the fields below, the first four of its content, then its counts by class. */
const PLAIN = 9;
const OBSERVED_AT = 1;
const POSITION = 2;
const INDEX = 3;
const ORDERED_AT = 4;
export const CONTENT = 5;
export const CLASS_COUNTS = PLAIN;

export function memberCount({ plainEnd, stride, others }: Members): number {
  return plainEnd / stride + others.length;
}

/** Where the plain member of this identity begins, or -1. The newest is the likeliest to be met again. */
export function findPlain({ plain, plainEnd, stride }: Members, identity: Member['identity']): number {
  for (let at = plainEnd - stride; at >= 0; at -= stride) if (plain[at] === identity) return at;
  return -1;
}

export function addMember(members: Members, m: Member): void {
  const { content: c } = m;
  const classes = m.earlier === undefined && typeof m.identity === 'number' ? plainClasses(c) : undefined;
  if (!classes || !takesPlain(members, classes)) {
    members.others.push(m);
    if (m.observedAt > members.othersUpTo) members.othersUpTo = m.observedAt;
    return;
  }
  const [a, b, d, e] = c as (number | null)[];
  const at = addPlain(
    members,
    m.identity as number,
    m.observedAt,
    m.position,
    m.index,
    m.orderedAt,
    ...([a, b, d, e].map((value) => value ?? Number.NaN) as [number, number, number, number]),
  );
  for (let i = 0; i < classes.names.length; i++) {
    members.plain[at + CLASS_COUNTS + i] = c[6 + 2 * i] as number;
  }
}

/** Whether plain members that count these classes may be added. */
export function takesPlain(members: Members, classes: ClassSet): boolean {
  if (members.plainEnd === 0) {
    members.classes = classes;
    members.stride = PLAIN + classes.names.length;
  }
  return members.classes === classes;
}

/** Only where `takesPlain`. The last four are the content; the counts by class follow from `CLASS_COUNTS` on. */
export function addPlain(
  members: Members,
  identity: number,
  observedAt: Instant,
  position: number,
  index: number,
  orderedAt: number,
  a: number,
  b: number,
  c: number,
  d: number,
): number {
  const { plain } = members;
  const at = members.plainEnd;
  plain[at] = identity;
  plain[at + OBSERVED_AT] = observedAt;
  plain[at + POSITION] = position;
  plain[at + INDEX] = index;
  plain[at + ORDERED_AT] = orderedAt;
  plain[at + CONTENT] = a;
  plain[at + CONTENT + 1] = b;
  plain[at + CONTENT + 2] = c;
  plain[at + CONTENT + 3] = d;
  members.plainEnd = at + members.stride;
  return at;
}

/** The order of the others stays. */
export function removePlain(members: Members, at: number): void {
  members.plain.copyWithin(at, at + members.stride, members.plainEnd);
  members.plainEnd -= members.stride;
}

/** The classes that a content counts, where it can lie flat. */
function plainClasses(c: Member['content']): ClassSet | undefined {
  if (c.length < 5 || typeof c[0] !== 'number' || c.length !== 5 + 2 * (c[4] as number)) return undefined;
  for (let i = 1; i < 4; i++) if (typeof c[i] === 'string') return undefined;
  return classSetOf(c);
}

export function plainMember(members: Members, at: number, partition: number): Member {
  const { plain, classes } = members;
  return {
    identity: plain[at]!,
    observedAt: plain[at + OBSERVED_AT]!,
    partition,
    position: plain[at + POSITION]!,
    index: plain[at + INDEX]!,
    orderedAt: plain[at + ORDERED_AT]!,
    content: plainContent(
      plain[at + CONTENT]!,
      plain[at + CONTENT + 1]!,
      plain[at + CONTENT + 2]!,
      plain[at + CONTENT + 3]!,
      classes,
      plain,
      at + CLASS_COUNTS,
    ),
    earlier: undefined,
  };
}

/** `counts` from `at` on: one for each of the classes. */
export function plainContent(
  a: number,
  b: number,
  c: number,
  d: number,
  classes: ClassSet,
  counts: ArrayLike<number>,
  at: number,
): Content {
  const content: (number | string | null)[] = [a, number(b), number(c), number(d), classes.names.length];
  for (let i = 0; i < classes.names.length; i++) content.push(classes.names[i]!, counts[at + i]!);
  return content;
}

/** The latest observation, whichever came last; `startAt` where there is none. */
export function latestObservation({ plain, plainEnd, stride, others }: Members, startAt: Instant): Instant {
  let latest = startAt;
  for (let at = OBSERVED_AT; at < plainEnd; at += stride) if (plain[at]! > latest) latest = plain[at]!;
  for (const m of others) if (m.observedAt > latest) latest = m.observedAt;
  return latest;
}

const flat = asciiText();
const OPEN = 0x5b;
const CLOSE = 0x5d;
const COMMA = 0x2c;

/** As `membersText` writes members, without an object each. */
export function textOfMembers(members: Members, partition: number, startAt: Instant): string {
  const { plain, plainEnd, stride, classes, others } = members;
  const { names, texts } = classes;
  let unusual = '';
  flat.byte(OPEN);
  flat.number(partition);
  for (let i = 0; i < plainEnd; i += stride) {
    const observedAt = plain[i + OBSERVED_AT]!;
    const position = plain[i + POSITION]!;
    if (plain[i] !== flowIdentity(observedAt, plain[i + CONTENT]!) || plain[i + ORDERED_AT] !== position) {
      unusual += memberText(plainMember(members, i, partition), startAt);
      continue;
    }
    flat.byte(COMMA);
    flat.byte(OPEN);
    flat.number(observedAt - startAt);
    flat.byte(COMMA);
    flat.number(position);
    flat.byte(COMMA);
    flat.number(plain[i + INDEX]!);
    for (let k = CONTENT; k < CONTENT + 4; k++) {
      flat.byte(COMMA);
      flat.number(plain[i + k]!);
    }
    flat.byte(COMMA);
    flat.number(names.length);
    for (let k = 0; k < texts.length; k++) {
      flat.word(texts[k]!);
      flat.number(plain[i + CLASS_COUNTS + k]!);
    }
    flat.byte(CLOSE);
  }
  for (const m of others) unusual += memberText(m, startAt);
  return `${flat.take()}${unusual}]`;
}

function memberText(m: Member, startAt: Instant): string {
  return `,${JSON.stringify(serialiseMember(m, startAt) satisfies SerialisedMember)}`;
}

function number(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
