import type { DatabaseSync } from 'node:sqlite';
import type { Instant } from '#domain/instant.ts';
import { type RegistryKind, registryKinds } from '#domain/registry/entries.ts';
import {
  type NewRegistryChange,
  type Registry,
  type RegistryChange,
  type RegistryView,
  registryView,
} from '#domain/registry/registry.ts';
import { transaction } from './database.ts';

/** The registry's append-only list in SQLite. Views are kept by version: a registry changes seldom. */
export function sqliteRegistry(db: DatabaseSync, clock: () => Instant): Registry {
  const append = db.prepare(
    'INSERT INTO registry_changes (changed_at, kind, id, valid_from, body) VALUES (?, ?, ?, ?, ?)',
  );
  const newest = db.prepare('SELECT coalesce(max(version), 0) AS version FROM registry_changes');
  const upTo = db.prepare('SELECT * FROM registry_changes WHERE version <= ? ORDER BY version');
  let latest: RegistryView | undefined;

  const version = (): number => (newest.get() as { version: number }).version;
  const view = (at: number): RegistryView =>
    registryView((upTo.all(at) as unknown as StoredChange[]).map(toChange));

  return {
    change: async (changes) => {
      const valid = changes.map(checked);
      transaction(db, () => {
        const changedAt = clock();
        for (const c of valid) {
          append.run(changedAt, c.kind, c.id, c.validFrom, c.body === null ? null : JSON.stringify(c.body));
        }
      });
      return version();
    },
    version: async () => version(),
    view: async (at) => {
      const wanted = at ?? version();
      if (latest?.version === wanted) return latest;
      const made = view(wanted);
      if (at === undefined) latest = made;
      return made;
    },
  };
}

/** @throws ZodError when the body is not what its kind says. */
function checked(change: NewRegistryChange): NewRegistryChange {
  if (change.body === null) return change;
  const { schema } = registryKinds[change.kind];
  return { ...change, body: schema.parse(change.body) as NewRegistryChange['body'] };
}

interface StoredChange {
  version: number;
  changed_at: number;
  kind: string;
  id: string;
  valid_from: number;
  body: string | null;
}

function toChange(row: StoredChange): RegistryChange {
  return {
    version: row.version,
    changedAt: row.changed_at,
    kind: row.kind as RegistryKind,
    id: row.id,
    validFrom: row.valid_from,
    body: row.body === null ? null : JSON.parse(row.body),
  };
}
