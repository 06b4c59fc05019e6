import type { DuckDBConnection } from '@duckdb/node-api';

/** Bends what a session asks for while `work` runs: these variables begin unset, and are then as before. Not within itself. */
export async function askedFor(
  db: DuckDBConnection,
  names: readonly string[],
  work: () => Promise<void>,
): Promise<void> {
  const each = (statement: (name: string) => string) => db.run(names.map(statement).join('; '));
  await each((name) => `SET VARIABLE asked_${name} = getvariable('${name}'); RESET VARIABLE ${name}`);
  try {
    await work();
  } finally {
    await each((name) => `SET VARIABLE ${name} = getvariable('asked_${name}'); RESET VARIABLE asked_${name}`);
  }
}
