import type { DuckDBConnection } from '@duckdb/node-api';
import { stateOf, textsUnder } from './on-demand.ts';

interface Memory {
  /** By question and the values of the variables that it reads. */
  answers: Map<string, Promise<unknown>>;
  /** Of each question, what is named in quotes by it and all that it stands on, as of an edition of the views. */
  names: Map<string, Set<string>>;
  edition: number;
  /** Name, type and value of each variable, as of the session's `settings`. */
  variables: unknown[][];
  settings: number;
}

const memories = new WeakMap<DuckDBConnection, Memory>();
/** A session asks some dozens. */
const MOST_REMEMBERED = 1_000;

/** Of a lake whose files no session sees change, with views made on demand: what was asked once need not be asked again. */
export function rememberAnswers(db: DuckDBConnection): void {
  memories.set(db, { answers: new Map(), names: new Map(), edition: -1, variables: [], settings: -1 });
}

/**
 * What `ask` answers to `sql`, which changes nothing. On a connection that remembers, it is asked once for the same values
 * of those session variables that the text, or a view or macro that it stands on, names.
 */
export async function remembered<T>(db: DuckDBConnection, sql: string, ask: () => Promise<T>): Promise<T> {
  const memory = memories.get(db);
  if (!memory) return ask();
  const { edition, settings } = stateOf(db);
  if (edition !== memory.edition || memory.answers.size >= MOST_REMEMBERED) {
    memory.answers.clear();
    memory.names.clear();
    memory.edition = edition;
  }
  const names = memory.names.get(sql) ?? quotedNames([sql, ...textsUnder(db, sql)]);
  memory.names.set(sql, names);
  if (settings !== memory.settings) {
    memory.variables = await variablesOf(db);
    memory.settings = settings;
  }
  const key = `${sql}\n${JSON.stringify(memory.variables.filter(([name]) => names.has(String(name))))}`;
  const known = memory.answers.get(key) as Promise<T> | undefined;
  if (known) return known;
  const answer = ask();
  memory.answers.set(key, answer);
  answer.catch(() => memory.answers.delete(key));
  return answer;
}

/** A variable's name stands in quotes wherever it is read: `getvariable('route')`, `is_kept('kept_calls')`. */
function quotedNames(texts: readonly string[]): Set<string> {
  return new Set(texts.flatMap((text) => [...text.matchAll(/'(\w+)'/g)].map(([, name]) => name!)));
}

async function variablesOf(db: DuckDBConnection): Promise<unknown[][]> {
  const reader = await db.runAndReadAll(
    'SELECT name, type, value::VARCHAR FROM duckdb_variables() ORDER BY name',
  );
  return reader.getRowsJson();
}
