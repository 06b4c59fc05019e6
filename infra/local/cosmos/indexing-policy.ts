import { propertyNames } from './partition-key.ts';

export interface IndexingPolicy {
  indexingMode?: string;
  automatic?: boolean;
  includedPaths?: { path: string }[];
  excludedPaths?: { path: string }[];
  compositeIndexes?: { path: string; order?: string }[][];
}

/** What the service gives a container that names none. */
export const defaultIndexingPolicy = {
  indexingMode: 'consistent',
  automatic: true,
  includedPaths: [{ path: '/*' }],
  excludedPaths: [{ path: '/"_etag"/?' }],
} satisfies IndexingPolicy;

export interface Composite {
  path: string[];
  descending: boolean;
}

/** Composite indexes; a path without an order ascends. */
export function composites(policy: IndexingPolicy): Composite[][] {
  return (policy.compositeIndexes ?? []).map((index) =>
    index.map(({ path, order }) => ({ path: propertyNames(path), descending: order === 'descending' })),
  );
}

/** The properties that the policy includes by name (not by a wildcard). */
export function namedPaths(policy: IndexingPolicy): string[][] {
  if (policy.indexingMode === 'none') return [];
  return (policy.includedPaths ?? [])
    .filter(({ path }) => path.endsWith('/?'))
    .map(({ path }) => propertyNames(path.slice(0, -2)));
}

/** Whether values at `path` are indexed: the most specific rule that covers it decides. */
export function isIndexed(policy: IndexingPolicy, path: readonly string[]): boolean {
  if (policy.indexingMode === 'none') return false;
  return mostSpecific(policy.includedPaths, path) > mostSpecific(policy.excludedPaths, path);
}

/** How many of a document's values are indexed; `leaves` is how many it has. For the estimate of a write's charge. */
export function indexedPathCount(policy: IndexingPolicy, leaves: number): number {
  if (policy.indexingMode === 'none') return 0;
  const everything = policy.includedPaths?.some(({ path }) => path === '/*') ?? false;
  const excluded = policy.excludedPaths?.some(({ path }) => path === '/*') ?? false;
  const named = everything && !excluded ? leaves : namedPaths(policy).length;
  return named + (policy.compositeIndexes?.length ?? 0);
}

/** -1 when no rule covers `path`; otherwise longer is greater, and exact beats a wildcard of the same length. */
function mostSpecific(rules: { path: string }[] | undefined, path: readonly string[]): number {
  let best = -1;
  for (const { path: rule } of rules ?? []) {
    const exact = rule.endsWith('/?');
    const names = propertyNames(rule).slice(0, -1);
    const covers = names.every((name, i) => name === path[i]) && (!exact || names.length === path.length);
    if (covers) best = Math.max(best, names.length * 2 + (exact ? 1 : 0));
  }
  return best;
}
