import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { composites, type IndexingPolicy, namedPaths } from './indexing-policy.ts';
import { jsonValue, type Path } from './json-path.ts';

/** Where an index stands: within each partition key, or over all of them. */
export type IndexScope = 'partition' | 'container';

export interface IndexColumn {
  path: Path;
  descending: boolean;
}

/** What a policy names: each `/path/?`, and each composite. */
export function indexesOf(policy: IndexingPolicy): IndexColumn[][] {
  const single = namedPaths(policy).map((path) => [{ path, descending: false }]);
  return [...single, ...composites(policy)];
}

export function indexName(table: string, columns: readonly IndexColumn[], scope: IndexScope): string {
  const digest = createHash('sha256').update(indexedColumns(columns, scope)).digest('hex').slice(0, 16);
  return `${table}_by_${digest}`;
}

/**
 * Makes the table's SQLite indexes those that the policy names, in both scopes. What only a wildcard includes is found
 * by reading through the partition or the container: slower here, and the same answer.
 */
export function matchIndexes(db: DatabaseSync, table: string, policy: IndexingPolicy): void {
  const wanted = new Map<string, string>();
  for (const columns of indexesOf(policy)) {
    for (const scope of ['partition', 'container'] as const) {
      wanted.set(indexName(table, columns, scope), indexedColumns(columns, scope));
    }
  }
  const present = db
    .prepare("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND name GLOB ?")
    .all(table, `${table}_by_*`) as { name: string }[];
  for (const { name } of present) if (!wanted.delete(name)) db.exec(`DROP INDEX ${name}`);
  for (const [name, columns] of wanted) db.exec(`CREATE INDEX ${name} ON ${table} (${columns})`);
}

/** An item's name at the end makes the order complete: a page goes on where the last one ended. */
function indexedColumns(columns: readonly IndexColumn[], scope: IndexScope): string {
  const own = columns.map(({ path, descending }) => `${jsonValue(path)}${descending ? ' DESC' : ''}`);
  return (scope === 'partition' ? ['pk', ...own, 'id'] : [...own, 'pk', 'id']).join(', ');
}
