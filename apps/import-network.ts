import type { Instant } from '#domain/instant.ts';
import { ALWAYS, type NewRegistryChange, type RegistryView } from '#domain/registry/registry.ts';
import { type NetworkDifference, networkChanges } from '#ingest/network/network-changes.ts';
import type { ParsedNetwork } from '#ingest/network/parse-network.ts';

export interface ImportOptions {
  /** From when the file holds; without it, what is new holds always and what differs from now on. */
  from: Instant | undefined;
  now: Instant;
  /** What the file does not have, of the kinds of thing in it, goes. */
  prune: boolean;
}

/** What the registry has to gain from a network file. Nothing where it says the same already. */
export function networkImport(
  view: RegistryView,
  parsed: ParsedNetwork,
  { from, now, prune }: ImportOptions,
): NetworkDifference {
  const difference = networkChanges(view, parsed, from ?? now, { prune });
  if (from !== undefined) return difference;
  const isNew = ({ kind, id, body }: NewRegistryChange) => body !== null && !view.known(kind, id);
  const changes = difference.changes.map((c) => (isNew(c) ? { ...c, validFrom: ALWAYS } : c));
  return { ...difference, changes };
}
