import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export interface ExclusiveLock {
  release(): void;
}

/**
 * A lock between processes that ends with its holder, however that ends: SQLite's own file lock.
 * `undefined` after `waitMs` without it. `holderOf` says who has it.
 */
export function takeExclusiveLock(path: string, waitMs: number): ExclusiveLock | undefined {
  mkdirSync(dirname(path), { recursive: true });
  const db = new DatabaseSync(path, { timeout: waitMs });
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if (String(error).includes('locked')) return undefined;
    throw error;
  }
  writeFileSync(`${path}.holder`, `process ${process.pid}, since ${new Date().toISOString()}`);
  return { release: () => db.close() };
}

export function holderOf(path: string): string {
  try {
    return readFileSync(`${path}.holder`, 'utf8');
  } catch {
    return 'another process';
  }
}
