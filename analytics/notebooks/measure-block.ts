import type { DuckDBConnection } from '@duckdb/node-api';
import type { Row } from './duckdb-values.ts';
import { evaluate, type Scope } from './evaluate.ts';
import { fillText } from './markdown.ts';
import type { MeasureAnswer, MeasureColumn, MeasureParameters, RunMeasure } from './measure-runner.ts';
import type { Block } from './notebook.ts';
import { query } from './query.ts';
import type { Result } from './result.ts';

const ownOptions = new Set(['name', 'measure', 'if', 'rows']);

/**
 * Asks a registered measure; what the block says beyond the engine's own options are the measure's parameters. Its
 * rows also become a temporary table of the block's name.
 */
export async function answerMeasure(
  block: Block,
  around: {
    connection: DuckDBConnection;
    runMeasure: RunMeasure | undefined;
    measureParameters: MeasureParameters | undefined;
    scope: Scope;
  },
): Promise<Result> {
  const measure = String(block.options.measure ?? block.name);
  const { connection, runMeasure, measureParameters, scope } = around;
  if (!runMeasure) throw new Error(`measure ${measure}: this engine was started without measures`);
  if (!measureParameters) throw new Error(`measure ${measure} needs a period: the parameters from and to`);
  const asked = Object.entries(block.options)
    .filter(([key]) => !ownOptions.has(key))
    .map(([key, value]) => [key, parameterValue(value, scope)] as const);
  const answer = await runMeasure(connection, measure, {
    ...measureParameters,
    ...Object.fromEntries(asked),
  });
  if (answer.computable) await keepRows(connection, block.name, answer);
  return resultOf(block.name, measure, answer);
}

/** `$slow_share` stands for the notebook's parameter, `${...}` for its value as text; the measure knows which are numbers. */
function parameterValue(written: unknown, scope: Scope): unknown {
  if (typeof written !== 'string') return written;
  if (/^\$\w/.test(written)) return evaluate(written.slice(1), { ...(scope.params as Scope) });
  return fillText(written, (expression) => evaluate(expression, scope));
}

async function keepRows(
  connection: DuckDBConnection,
  name: string,
  { columns, rows }: MeasureAnswer,
): Promise<void> {
  const types = Object.fromEntries(columns.map((c) => [c.name, c.type]));
  await query(
    connection,
    `CREATE OR REPLACE TEMP TABLE ${name} AS SELECT unnest(from_json($rows, $types), max_depth := 2)`,
    { rows: JSON.stringify(rows), types: JSON.stringify([types]) },
  );
}

function resultOf(name: string, measure: string, answer: MeasureAnswer): Result {
  return {
    name,
    rows: answer.rows.map((row) => withDates(row, answer.columns)),
    columns: answer.columns.map((c) => ({
      name: c.name,
      type: c.type,
      unit: c.unit || undefined,
      title: undefined,
    })),
    sql: answer.sql ?? '',
    formula: { name: measure, version: String(answer.version), source: answer.source ?? '' },
    missingShare:
      answer.dataShare === undefined ? undefined : answer.dataShare === null ? null : 1 - answer.dataShare,
    imputedShare: answer.imputedShare,
    notComputable: answer.computable ? '' : answer.because || 'the data lack what it needs',
    caveats: [...(answer.caveats ?? [])],
  };
}

/** As an sql block gives them: wall clocks and dates in a Date's UTC fields. */
function withDates(row: Row, columns: readonly MeasureColumn[]): Row {
  const converted = { ...row };
  for (const { name, type } of columns) {
    const value = row[name];
    if (typeof value !== 'string' || !/^(DATE|TIMESTAMP)/.test(type)) continue;
    converted[name] = new Date(type === 'TIMESTAMP' ? `${value}Z` : value);
  }
  return converted;
}
