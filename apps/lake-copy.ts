import type { DatabaseSync } from 'node:sqlite';
import type { DuckDBConnection } from '@duckdb/node-api';
import { readManifest } from '#analytics/lake/manifest.ts';
import { type City, openLake } from '#analytics/lake/open-lake.ts';
import { type RegistryKind, registryKinds } from '#domain/registry/entries.ts';
import type { RegistryView } from '#domain/registry/registry.ts';
import { transaction } from '#infra/sqlite/database.ts';

/**
 * For a city whose store is not on this machine: copies what the page, the list of devices and that of dead letters ask
 * for from the lake into the tables in which an embedded city has them, as of the last export.
 */
export async function copyLakeToStore(
  db: DatabaseSync,
  lakePath: string,
  registry: RegistryView,
  city: City,
): Promise<void> {
  if (readManifest(lakePath).ledger === null) return;
  const lake = await openLake({ directory: lakePath, registry, city });
  try {
    const rows = new Map<Table, unknown[][]>();
    for (const table of tables) rows.set(table, await read(lake, table.query));
    transaction(db, () => {
      for (const [{ name, columns }, found] of rows) {
        db.exec(`DELETE FROM ${name}`);
        const insert = db.prepare(
          `INSERT OR REPLACE INTO ${name} VALUES (${Array.from({ length: columns }, () => '?').join(', ')})`,
        );
        for (const row of found) insert.run(...(row as string[]));
      }
      copyRegistry(db, registry);
    });
  } finally {
    lake.closeSync();
  }
}

interface Table {
  name: string;
  columns: number;
  query: string;
}

const ms = (column: string): string => `epoch_ms(${column})::DOUBLE`;

const tables: readonly Table[] = [
  {
    name: 'ledger',
    columns: 8,
    query: `SELECT partition, device_id, ${ms('hour_received')}, coalesce(${ms('hour_observed')}, -1), outcome, reason,
      readings::DOUBLE, late::DOUBLE FROM ledger`,
  },
  {
    name: 'door',
    columns: 4,
    query: `SELECT reason, device_id, ${ms('hour_received')}, refused::DOUBLE FROM door`,
  },
  {
    // The sentence is not kept in the lake: what is shown of a dead letter is its reason and its payload.
    name: 'dead_letters',
    columns: 7,
    query: `SELECT partition, position::DOUBLE, reason, any_value(device_id), ${ms('any_value(received_at)')},
      to_json(list(index ORDER BY index))::VARCHAR, 'as of the last export; its payload says more'
      FROM readings WHERE outcome IN ('rejected', 'quarantined') GROUP BY partition, position, reason`,
  },
  {
    // As a stream's text begins: what the list of devices reads of it is the newest moment observed.
    name: 'streams',
    columns: 3,
    query: `SELECT min(partition), device_id, json_array(device_id, '', NULL, json_array(json_array('',
      ${ms("max(observed_at) FILTER (WHERE outcome IN ('counted', 'duplicate', 'restated'))")}, json_array())))::VARCHAR
      FROM readings GROUP BY device_id`,
  },
];

async function read(lake: DuckDBConnection, query: string): Promise<unknown[][]> {
  return (await lake.runAndReadAll(query)).getRowsJS() as unknown[][];
}

/** States as changes that make just them. */
function copyRegistry(db: DatabaseSync, view: RegistryView): void {
  const { newest } = db.prepare('SELECT max(version) AS newest FROM registry_changes').get() as {
    newest: number | null;
  };
  if (newest === view.version) return;
  db.exec('DELETE FROM registry_changes');
  const insert = db.prepare('INSERT INTO registry_changes VALUES (?, 0, ?, ?, ?, ?)');
  let version = 0;
  const lines: [string, string, number, string | null][] = [];
  for (const kind of Object.keys(registryKinds) as RegistryKind[]) {
    for (const { id, body, validFrom, validTo } of view.history(kind)) {
      lines.push([kind, id, validFrom, JSON.stringify(body)]);
      if (Number.isFinite(validTo)) lines.push([kind, id, validTo, null]);
    }
  }
  // The last line has the version that the view has, so that the copy is known to be of it.
  for (const [i, line] of lines.entries()) {
    version = i === lines.length - 1 ? Math.max(view.version, lines.length) : i + 1;
    insert.run(version, ...line);
  }
}
