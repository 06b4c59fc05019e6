import type { DuckDBConnection } from '@duckdb/node-api';
import { keepFeedDays } from '../feed-quality/feed-days.ts';
import type { BlockFailure } from './block-failure.ts';
import { evaluate, type Scope } from './evaluate.ts';
import { answerMeasure } from './measure-block.ts';
import type { MeasureParameters, RunMeasure } from './measure-runner.ts';
import type { Block, Cell, Condition, Notebook } from './notebook.ts';
import { type Bindings, type QueryResult, query } from './query.ts';
import type { Formula, Result } from './result.ts';

/** All data of a notebook, run in the order of the file before anything is rendered. */
export interface BlockRun {
  /** By name; what a failed or skipped block would have given is missing. */
  results: Map<string, Result>;
  failures: Map<Block, BlockFailure>;
  /** What JavaScript sees under the blocks' names: rows, or one row. */
  named: Record<string, unknown>;
  holds(conditions: readonly Condition[]): boolean;
}

interface RunOptions {
  connection: DuckDBConnection;
  runMeasure: RunMeasure | undefined;
  bindings: Bindings;
  /** What conditions and measure parameters may use besides results. */
  scope: Scope;
  /** Handed to every measure; undefined where the notebook has no period. */
  measureParameters: MeasureParameters | undefined;
}

const views = new Set(
  'archive readings windows hourly ledger door sites links zones corridors devices installations city'.split(
    ' ',
  ),
);

export async function runBlocks(notebook: Notebook, options: RunOptions): Promise<BlockRun> {
  const results = new Map<string, Result>();
  const failures = new Map<Block, BlockFailure>();
  const named: Record<string, unknown> = {};
  const decided = new Map<string, boolean>();

  const holds = (conditions: readonly Condition[]): boolean =>
    conditions.every((c) => {
      const key = `${c.line}/${c.expression}`;
      let value = decided.get(key);
      if (value === undefined) {
        value = Boolean(evaluate(c.expression, { ...options.scope, ...named }));
        decided.set(key, value);
      }
      return value !== c.negated;
    });

  const blocks = notebook.cells.filter(isData);
  // A name that nothing gives, because its section does not apply, is empty rather than unknown.
  for (const block of blocks) named[block.name] = block.options.rows === 'one' ? null : [];
  const taken = new Set<string>();
  for (const block of blocks) {
    try {
      if (block.broken) throw new Error(block.broken);
      if (views.has(block.name)) throw new Error(`${block.name} is a view of the lake; choose another name`);
      if (!holds(block.conditions)) continue;
      if (taken.has(block.name)) throw new Error(`there is already a block ${block.name}`);
      taken.add(block.name);
      const result =
        block.type === 'sql'
          ? await runSql(block, options)
          : await answerMeasure(block, { ...options, scope: { ...options.scope, ...named } });
      results.set(block.name, result);
      named[block.name] = block.options.rows === 'one' ? (result.rows[0] ?? null) : result.rows;
    } catch (error) {
      failures.set(block, { block: block.name, line: block.line, message: (error as Error).message });
      if (!results.has(block.name)) delete named[block.name];
    }
  }
  return { results, failures, named, holds };
}

function isData(cell: Cell): cell is Block {
  return cell.type === 'sql' || cell.type === 'measure';
}

async function runSql(block: Block, { connection, bindings }: RunOptions): Promise<Result> {
  await keepFeedDays(connection, block.code);
  const found = await keepAsTable(connection, block, bindings);
  return {
    name: block.name,
    rows: found.rows,
    columns: found.columns.map(({ name, type }) => ({ name, type, unit: undefined, title: undefined })),
    sql: block.code.trim(),
    formula: formulaOf(block),
    missingShare: undefined,
    notComputable: '',
    caveats: typeof block.options.caveat === 'string' ? [block.options.caveat] : [],
  };
}

/** One query also becomes a temporary table of the block's name, for the SQL below it. */
async function keepAsTable(
  connection: DuckDBConnection,
  block: Block,
  bindings: Bindings,
): Promise<QueryResult> {
  const sql = block.code.trim().replace(/;\s*$/, '');
  const isQuery = /^\s*(--.*\n\s*)*(WITH|SELECT|FROM|PIVOT|UNPIVOT)\b/i.test(sql);
  if (!isQuery || (await connection.extractStatements(sql)).count !== 1) {
    return query(connection, block.code, bindings);
  }
  await query(connection, `CREATE OR REPLACE TEMP TABLE ${block.name} AS (${sql}\n)`, bindings);
  const forSqlAlone = block.options.rows === 'none';
  return query(connection, `FROM ${block.name}${forSqlAlone ? ' LIMIT 0' : ''}`);
}

function formulaOf(block: Block): Formula | undefined {
  const { formula, version, source } = block.options;
  if (typeof formula !== 'string') return undefined;
  return { name: formula, version: String(version ?? 1), source: typeof source === 'string' ? source : '' };
}
