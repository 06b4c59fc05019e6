import type { DuckDBConnection } from '@duckdb/node-api';

/** A statement that makes a view or a macro. */
interface Definition {
  name: string;
  sql: string;
  words: string[];
}

/** What a connection can make. */
interface Catalogue {
  /** In the order in which they were defined: one may stand on those before it. */
  definitions: Definition[];
  names: Set<string>;
  made: Set<string>;
  /** One statement at a time looks for what it needs. */
  busy: Promise<void>;
}

const catalogues = new WeakMap<DuckDBConnection, Catalogue>();

/**
 * Lets a connection make what `defineViews` gives it only when a statement first names it. DuckDB binds a view with all that
 * it stands on as the view is made: to make all views of a session takes a second or two, and most questions name few.
 */
export function makeOnDemand(db: DuckDBConnection): void {
  const catalogue: Catalogue = {
    definitions: [],
    names: new Set(),
    made: new Set(),
    busy: Promise.resolve(),
  };
  catalogues.set(db, catalogue);
  const run = db.run.bind(db);
  const prepare = db.prepare.bind(db);
  const extractStatements = db.extractStatements.bind(db);
  const makeFor = (sql: string): Promise<void> => {
    const turn = catalogue.busy.then(() => makeNeeded(catalogue, run, sql));
    catalogue.busy = turn.catch(() => {});
    return turn;
  };
  db.run = async (sql, ...rest) => {
    await makeFor(sql);
    return run(sql, ...rest);
  };
  db.prepare = async (sql) => {
    await makeFor(sql);
    return prepare(sql);
  };
  db.extractStatements = async (sql) => {
    await makeFor(sql);
    return extractStatements(sql);
  };
}

/**
 * Gives a connection the views and macros of a text, each statement of which begins a line; at once if it is not one of
 * `makeOnDemand`. A later definition of a name takes an earlier one's place. Other statements are run at once.
 */
export async function defineViews(db: DuckDBConnection, sql: string): Promise<void> {
  const catalogue = catalogues.get(db);
  if (!catalogue) return void (await db.run(sql));
  for (const statement of sql.split(/^[ \t]*(?=(?:CREATE|SET|RESET) )/m)) {
    const name = madeBy.exec(statement)?.[1]?.toLowerCase();
    if (name === undefined) {
      if (/^\s*[^\s-]/m.test(statement)) await db.run(statement);
    } else if (catalogue.made.has(name)) await db.run(statement);
    else {
      catalogue.definitions.push({ name, sql: statement, words: wordsOf(statement) });
      catalogue.names.add(name);
    }
  }
}

const madeBy = /^CREATE OR REPLACE TEMP (?:VIEW|MACRO) (\w+)/;

/** Statements that ask what there is. */
const asksForAll = /\b(show|describe|summarize|information_schema|duckdb_\w+|pragma\w*)\b/i;

function wordsOf(sql: string): string[] {
  return [...new Set(sql.replace(/--.*$/gm, '').toLowerCase().match(/\w+/g))];
}

async function makeNeeded(
  catalogue: Catalogue,
  run: (sql: string) => Promise<unknown>,
  sql: string,
): Promise<void> {
  const { definitions, names, made } = catalogue;
  const asked = asksForAll.test(sql) ? [...names] : wordsOf(sql).filter((word) => names.has(word));
  if (!asked.every((name) => made.has(name))) {
    const needed = closure(catalogue, asked);
    for (const { name, sql: definition } of definitions) {
      // What has several definitions goes through all of them again: others are to be bound to the first, which is small.
      if (needed.has(name) && (!made.has(name) || isDefinedAgain(catalogue, name))) await run(definition);
    }
    for (const name of needed) made.add(name);
  }
  // What a statement makes itself is its own affair from here on.
  for (const [, name] of sql.matchAll(/CREATE (?:OR REPLACE )?TEMP (?:VIEW|MACRO) (\w+)/g)) {
    if (!names.delete(name!)) continue;
    catalogue.definitions = catalogue.definitions.filter((definition) => definition.name !== name);
  }
}

function closure({ definitions, names }: Catalogue, asked: readonly string[]): Set<string> {
  const needed = new Set(asked);
  const byName = Map.groupBy(definitions, ({ name }) => name);
  for (const name of needed) {
    for (const { words } of byName.get(name) ?? []) {
      for (const word of words) if (names.has(word)) needed.add(word);
    }
  }
  return needed;
}

function isDefinedAgain({ definitions }: Catalogue, name: string): boolean {
  return definitions.filter((definition) => definition.name === name).length > 1;
}
