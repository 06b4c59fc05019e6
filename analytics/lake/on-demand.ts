import type { DuckDBConnection } from '@duckdb/node-api';

/** A statement that makes a view or a macro. */
interface Definition {
  sql: string;
  words: string[];
}

/** What a connection can make. */
interface Catalogue {
  /** Of each name, in order. */
  definitions: Map<string, Definition[]>;
  made: Set<string>;
  /** Grows when a definition comes. */
  edition: number;
  /** Grows when a statement may set one of the session's variables. */
  settings: number;
  /** One statement at a time looks for what it needs. */
  busy: Promise<void>;
}

const catalogues = new WeakMap<DuckDBConnection, Catalogue>();

/**
 * Lets a connection make what `defineViews` gives it only when a statement first names it. DuckDB binds a view with all that
 * it stands on as the view is made: to make all views of a session takes a second or two, and most questions name few.
 * A text that is put together as it runs (DuckDB's `query()`) has to hold the names whole.
 */
export function makeOnDemand(db: DuckDBConnection): void {
  const catalogue: Catalogue = {
    definitions: new Map(),
    made: new Set(),
    edition: 0,
    settings: 0,
    busy: Promise.resolve(),
  };
  catalogues.set(db, catalogue);
  const run = db.run.bind(db);
  const prepare = db.prepare.bind(db);
  const extractStatements = db.extractStatements.bind(db);
  const makeFor = (sql: string): Promise<void> => {
    if (/\bVARIABLE\b/i.test(sql)) catalogue.settings += 1;
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
  catalogue.edition += 1;
  for (const statement of sql.split(/^[ \t]*(?=(?:CREATE|SET|RESET) )/m)) {
    const name = madeBy.exec(statement)?.[1]?.toLowerCase();
    if (name === undefined) {
      if (/^\s*[^\s-]/m.test(statement)) await db.run(statement);
    } else if (catalogue.made.has(name)) await db.run(statement);
    else {
      const earlier = catalogue.definitions.get(name) ?? [];
      catalogue.definitions.set(name, [...earlier, { sql: statement, words: wordsOf(statement) }]);
    }
  }
}

/** Other numbers after every change of the definitions (`edition`) or of the session's variables (`settings`). */
export function stateOf(db: DuckDBConnection): { edition: number; settings: number } {
  return catalogues.get(db) ?? { edition: 0, settings: Number.NaN };
}

/** The texts of the views and macros that a statement stands on, those made on demand. */
export function textsUnder(db: DuckDBConnection, sql: string): string[] {
  const definitions = catalogues.get(db)?.definitions ?? new Map<string, Definition[]>();
  const asked = wordsOf(sql).filter((word) => definitions.has(word));
  return inOrder(definitions, asked).flatMap((name) => definitions.get(name)!.map((d) => d.sql));
}

const madeBy = /^CREATE OR REPLACE TEMP (?:VIEW|MACRO) (\w+)/;

/** Statements that ask what there is. */
const asksForAll =
  /^(show|describe|summarize|information_schema|duckdb_(?:views|columns|functions)|pragma\w*)$/;

/** Those that could be names: neither of comments nor of the paths of files. */
function wordsOf(sql: string): string[] {
  const bare = sql.replace(/--.*$|'[^'\n]*\.(?:parquet|ndjson)'/gm, '');
  return [...new Set(bare.toLowerCase().match(/\w+/g))];
}

async function makeNeeded(
  { definitions, made }: Catalogue,
  run: (sql: string) => Promise<unknown>,
  sql: string,
): Promise<void> {
  const words = wordsOf(sql);
  const asked = words.some((word) => asksForAll.test(word)) ? [...definitions.keys()] : words;
  const needed = inOrder(
    definitions,
    asked.filter((word) => definitions.has(word)),
  );
  if (!needed.every((name) => made.has(name))) {
    // What has several definitions begins with the first again, a small one, for others to be bound to.
    for (const name of needed) {
      const [first, ...later] = definitions.get(name)!;
      if (!made.has(name) || later.length > 0) await run(first!.sql);
    }
    for (const name of needed) {
      for (const { sql: definition } of definitions.get(name)!.slice(1)) await run(definition);
      made.add(name);
    }
  }
  // What a statement makes itself is its own affair from here on.
  for (const [, name] of sql.matchAll(/CREATE (?:OR REPLACE )?TEMP (?:VIEW|MACRO) (\w+)/g))
    definitions.delete(name!);
}

/** These names and all that they stand on, each after what it stands on. */
function inOrder(definitions: Catalogue['definitions'], asked: readonly string[]): string[] {
  const ordered = new Set<string>();
  const under = new Set<string>();
  const visit = (name: string): void => {
    if (ordered.has(name)) return;
    if (under.has(name))
      throw new Error(`${[...under, name].join(' > ')}: a name within it is that of a view`);
    under.add(name);
    for (const { words } of definitions.get(name)!) {
      for (const word of words) if (word !== name && definitions.has(word)) visit(word);
    }
    under.delete(name);
    ordered.add(name);
  };
  for (const name of asked) visit(name);
  return [...ordered];
}
