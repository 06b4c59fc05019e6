import { isDeepStrictEqual } from 'node:util';
import type { Instant } from '#domain/instant.ts';
import type { RegistryBodies } from '#domain/registry/entries.ts';
import type { Held, NewRegistryChange, RegistryView } from '#domain/registry/registry.ts';
import type { NetworkEntry, NetworkKind, ParsedNetwork } from './parse-network.ts';

export interface NetworkDifference {
  /** What the registry has to gain; empty when it says the same already. */
  changes: NewRegistryChange[];
  added: number;
  changed: number;
  unchanged: number;
  removed: number;
  /** References that would lead nowhere, and removals that something stands in the way of. */
  problems: string[];
}

/**
 * What to write so that the registry says from `validFrom` on, for good, what the file says. With `prune`, what is in
 * the registry and not in the file goes, for the kinds of thing that are in the file; a site where a device stands or
 * that a corridor passes stays.
 */
export function networkChanges(
  view: RegistryView,
  parsed: Pick<ParsedNetwork, 'changes'>,
  validFrom: Instant,
  options: { prune?: boolean } = {},
): NetworkDifference {
  const difference: NetworkDifference = {
    changes: [],
    added: 0,
    changed: 0,
    unchanged: 0,
    removed: 0,
    problems: [],
  };
  const entries = Map.groupBy(parsed.changes, (entry) => entry.kind);
  for (const [kind, ofKind] of entries) {
    const held = heldFrom(view, kind, validFrom);
    for (const { id, body } of ofKind) {
      const now = held.get(id);
      if (now?.lasting && isDeepStrictEqual(now.body, body)) {
        difference.unchanged++;
        continue;
      }
      difference[now ? 'changed' : 'added']++;
      difference.changes.push({ kind, id, validFrom, body });
    }
    if (options.prune) prune(view, kind, ofKind, held, validFrom, difference);
  }
  difference.problems.push(...danglingReferences(view, parsed.changes, validFrom));
  return difference;
}

interface HeldFrom {
  body: unknown;
  /** It holds at `validFrom` and for ever. */
  lasting: boolean;
}

/** What holds at `validFrom` or later. */
function heldFrom(view: RegistryView, kind: NetworkKind, validFrom: Instant): Map<string, HeldFrom> {
  const held = new Map<string, HeldFrom>();
  for (const { id, body, ...span } of view.history(kind) as Held<unknown>[]) {
    if (span.validTo <= validFrom) continue;
    const lasting = span.validFrom <= validFrom && span.validTo === Number.POSITIVE_INFINITY;
    held.set(id, { body, lasting });
  }
  return held;
}

function prune(
  view: RegistryView,
  kind: NetworkKind,
  wanted: readonly NetworkEntry[],
  held: ReadonlyMap<string, HeldFrom>,
  validFrom: Instant,
  difference: NetworkDifference,
): void {
  const ids = new Set(wanted.map(({ id }) => id));
  const needed = kind === 'site' ? sitesInUse(view, validFrom) : new Map<string, string>();
  for (const id of held.keys()) {
    if (ids.has(id)) continue;
    const user = needed.get(id);
    if (user !== undefined) {
      difference.problems.push(`${kind} ${id} is not in the file, but stays: ${user}`);
      continue;
    }
    difference.removed++;
    difference.changes.push({ kind, id, validFrom, body: null });
  }
}

function sitesInUse(view: RegistryView, validFrom: Instant): Map<string, string> {
  const users = new Map<string, string>();
  for (const { body, validTo } of view.history('corridor')) {
    if (validTo > validFrom) {
      for (const { siteId } of body.sites) users.set(siteId, `corridor ${body.corridorId} passes it`);
    }
  }
  for (const { body, validTo } of view.history('installation')) {
    if (validTo > validFrom) users.set(body.siteId, `device ${body.deviceId} stands there`);
  }
  return users;
}

function danglingReferences(
  view: RegistryView,
  entries: readonly NetworkEntry[],
  validFrom: Instant,
): string[] {
  const inFile = new Set(entries.map(({ kind, id }) => `${kind}/${id}`));
  const exists = (kind: NetworkKind, id: string) =>
    inFile.has(`${kind}/${id}`) || view.at(kind, id, validFrom) !== undefined;
  return entries.flatMap((entry) => {
    const missing = referencesOf(entry).filter(({ kind, id }) => !exists(kind, id));
    return missing.map(({ kind, id }) => `${entry.kind} ${entry.id} names ${kind} ${id}, which is not known`);
  });
}

function referencesOf(entry: NetworkEntry): { kind: NetworkKind; id: string }[] {
  if (entry.kind === 'site') return entry.body.linkId ? [{ kind: 'link', id: entry.body.linkId }] : [];
  if (entry.kind === 'screenline') {
    const { crossings } = entry.body as RegistryBodies['screenline'];
    return crossings.map(({ siteId }) => ({ kind: 'site', id: siteId }));
  }
  if (entry.kind !== 'corridor') return [];
  return (entry.body as RegistryBodies['corridor']).sites.map(({ siteId }) => ({ kind: 'site', id: siteId }));
}
