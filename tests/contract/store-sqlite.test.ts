import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '#infra/sqlite/database.ts';
import { sqliteRegistry } from '#infra/sqlite/registry.ts';
import { sqliteStore } from '#infra/sqlite/store.ts';
import { registryContract } from './registry.contract.ts';
import { storeContract } from './store.contract.ts';

function opening() {
  const directory = mkdtempSync(join(tmpdir(), 'headway-sqlite-'));
  const open = () => openDatabase(join(directory, 'store.db'), { durable: true });
  const opened = [open()];
  return {
    first: opened[0]!,
    again: () => {
      const db = open();
      opened.push(db);
      return db;
    },
    close: async () => {
      for (const db of opened) db.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

storeContract('SQLite', async () => {
  const { first, again, close } = opening();
  return { store: sqliteStore(first), reopen: async () => sqliteStore(again()), close };
});

registryContract('SQLite', async (clock) => {
  const { first, again, close } = opening();
  return {
    registry: sqliteRegistry(first, clock),
    reopen: async () => sqliteRegistry(again(), clock),
    close,
  };
});
