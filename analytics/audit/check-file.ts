import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Difference } from './audit-result.ts';

/**
 * A check's SQL: `-- question:` in its first line, then sections under `-- [name]` lines: `prepare` (statements),
 * `examined` (one number) and `differences` (columns thing, problem, expected, found). More sections are numbers too.
 */
export interface CheckFile {
  question: string;
  sections: Record<string, string>;
}

export function readCheckFile(name: string): CheckFile {
  const question = /^-- question: (.*)$/m.exec(readSql(name))?.[1];
  if (!question) throw new Error(`${name}.sql has no question`);
  return { question, sections: readSections(name) };
}

/** The parts of a SQL file under their `-- [name]` lines, without a last semicolon. */
export function readSections(name: string): Record<string, string> {
  const [, ...parts] = readSql(name).split(/^-- \[([a-z]+)\]$/m);
  const sections: Record<string, string> = {};
  for (let i = 0; i + 1 < parts.length; i += 2) sections[parts[i]!] = parts[i + 1]!.trim().replace(/;$/, '');
  return sections;
}

export function readSql(name: string): string {
  return readFileSync(join(import.meta.dirname, `${name}.sql`), 'utf8');
}

/** What one run of a check found. */
export interface Found {
  examined: number;
  differences: number;
  sample: Difference[];
  /** Of the sections besides the usual three. */
  numbers: Record<string, number>;
}

/** Runs a check over what the session has prepared; keeps at most `sampleRows` differences, the first by name. */
export async function runCheck(
  db: DuckDBConnection,
  { sections }: CheckFile,
  sampleRows: number,
): Promise<Found> {
  const { prepare, examined, differences, ...others } = sections;
  if (prepare) await db.run(prepare);
  const numbers: Record<string, number> = {};
  for (const [name, sql] of Object.entries(others)) numbers[name] = await numberOf(db, sql);
  const found = await db.runAndReadAll(
    `SELECT count(*)::DOUBLE AS n,
       min_by({thing: thing, problem: problem, expected: expected, found: found}, (thing, problem), ${sampleRows}) AS sample
     FROM (${differences})`,
  );
  const { n, sample } = found.getRowObjectsJson()[0] as unknown as {
    n: number;
    sample: Difference[] | null;
  };
  return { examined: await numberOf(db, examined!), differences: n, sample: sample ?? [], numbers };
}

export async function numberOf(db: DuckDBConnection, sql: string): Promise<number> {
  const value = (await db.runAndReadAll(sql)).getRowsJson()[0]?.[0];
  return Number(value ?? 0);
}
