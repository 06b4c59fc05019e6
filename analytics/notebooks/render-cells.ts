import { type BlockFailure, failureBox } from './block-failure.ts';
import type { ColumnWish } from './columns.ts';
import type { Drawing } from './drawing.ts';
import { evaluate, type Scope } from './evaluate.ts';
import { escapeHtml } from './format.ts';
import { fillText, renderInline, renderMarkdown } from './markdown.ts';
import type { Block, Cell, Notebook } from './notebook.ts';
import type { Period } from './period.ts';
import { provenanceLine, sourceDetails } from './provenance.ts';
import type { Result } from './result.ts';
import type { BlockRun } from './run-blocks.ts';
import { renderTable } from './table.ts';

export interface CellContext {
  run: BlockRun;
  scope: Scope;
  drawing: Drawing;
  period: Period | undefined;
  /** Of the whole period; what a figure says where its own result does not. */
  missingShare: number | null;
  localTime: (moment: Date) => Date;
}

/** What runs through the whole page. */
interface Count {
  figure: number;
  table: number;
  /** Each is said once. */
  caveats: Set<string>;
}

/** The notebook's body as HTML. What fails is shown in its place and pushed to `failures`. */
export function renderCells(notebook: Notebook, context: CellContext, failures: BlockFailure[]): string {
  const count: Count = { figure: 0, table: 0, caveats: new Set() };
  const fail = (failure: BlockFailure): string => {
    failures.push(failure);
    return failureBox(failure);
  };
  const parts: string[] = [];
  for (const cell of notebook.cells) {
    const block = 'options' in cell ? cell.name : 'text';
    try {
      const failed = 'options' in cell ? context.run.failures.get(cell) : undefined;
      if (failed) parts.push(fail(failed));
      else if (context.run.holds(cell.conditions)) parts.push(renderCell(cell, context, count, fail));
    } catch (error) {
      parts.push(fail({ block, line: cell.line, message: explain(error as Error, context.run) }));
    }
  }
  return parts.filter((p) => p !== '').join('\n');
}

/** A name that a failed block should have given is not simply "not defined". */
function explain(error: Error, run: BlockRun): string {
  const name = /^(\w+) is not defined$/.exec(error.message)?.[1];
  const culprit = [...run.failures.keys()].find((block) => block.name === name);
  return culprit ? `needs ${name}, which failed in line ${culprit.line}` : error.message;
}

function renderCell(
  cell: Cell,
  context: CellContext,
  count: Count,
  fail: (failure: BlockFailure) => string,
): string {
  switch (cell.type) {
    case 'open':
      return `<aside class="${escapeHtml(cell.name)}">`;
    case 'close':
      return '</aside>';
    case 'text': {
      const value = inlineValue(context, (message) => fail({ block: 'text', line: cell.line, message }));
      return renderMarkdown(cell.text, value);
    }
    case 'sql':
    case 'measure':
      return '';
    case 'tiles':
      return renderTiles(cell, context);
    case 'table':
      return renderTableBlock(cell, context, count);
    case 'plot':
      return renderPlot(cell, context, count);
  }
}

function inlineValue(
  context: CellContext,
  failed?: (message: string) => string,
): (expression: string) => string {
  return (expression) => {
    try {
      const value = evaluate(expression, { ...context.scope, ...context.run.named });
      if (context.drawing.isNode(value)) return context.drawing.markup(value);
      return value === null || value === undefined ? '' : escapeHtml(String(value));
    } catch (error) {
      if (!failed) throw error;
      return failed(explain(error as Error, context.run));
    }
  };
}

const textOption = (block: Block, name: string): string | undefined =>
  block.options[name] === undefined ? undefined : String(block.options[name]);

/** The results a block shows and rests on: `of=a`, then `data: b, c`. */
function sourcesOf(block: Block, context: CellContext): Result[] {
  const names = `${textOption(block, 'of') ?? ''} ${textOption(block, 'data') ?? ''}`
    .split(/[\s,]+/)
    .filter(Boolean);
  return names.map((name) => {
    const result = context.run.results.get(name);
    if (!result) throw new ReferenceError(`${name} is not defined`);
    return result;
  });
}

function notComputable(results: readonly Result[]): string {
  const without = results.filter((r) => r.notComputable !== '');
  return without
    .map((r) => {
      const what = r.formula ? `${r.formula.name} v${r.formula.version}` : r.name;
      return `<p class="not-computable"><strong>Not computable: ${escapeHtml(r.notComputable)}.</strong> ${escapeHtml(what)} needs it, and nothing is guessed in its place.</p>`;
    })
    .join('\n');
}

function captionOf(
  block: Block,
  context: CellContext,
  results: readonly Result[],
  label: string,
  count: Count,
): string {
  const value = inlineValue(context);
  const caption = textOption(block, 'caption');
  const note = textOption(block, 'note');
  const asked = textOption(block, 'missing');
  const imputed = textOption(block, 'imputed');
  const named = { ...context.scope, ...context.run.named };
  const own = results.map((r) => r.missingShare).find((share) => share !== undefined);
  const missingShare =
    asked === undefined
      ? own === undefined
        ? context.missingShare
        : own
      : (evaluate(asked, named) as number | null | undefined);
  const filled = (text: string) => fillText(text, (expression) => String(evaluate(expression, named)));
  const line = provenanceLine({
    period: filled(textOption(block, 'period') ?? context.period?.short ?? ''),
    unit: filled(textOption(block, 'unit') ?? ''),
    missingShare,
    imputedShare: imputed === undefined ? imputedOf(results) : Number(evaluate(imputed, named)),
    results,
  });
  const caveats = [...new Set(results.flatMap((r) => r.caveats))].filter((c) => !count.caveats.has(c));
  for (const caveat of caveats) count.caveats.add(caveat);
  return [
    `<strong>${label}.</strong> ${caption ? renderInline(caption, value) : escapeHtml(block.name.replaceAll('_', ' '))}`,
    ...(note ? [`<span class="note-line">${renderInline(note, value)}</span>`] : []),
    line,
    ...(caveats.length > 0 ? [`<span class="caveats">${caveats.map(asSentence).join(' ')}</span>`] : []),
  ].join(' ');
}

/** The largest share among what is shown: 0 where all measures in it read observed values alone. */
function imputedOf(results: readonly Result[]): number | undefined {
  const shares = results.map((r) => r.imputedShare).filter((share) => share !== undefined);
  return shares.length === 0 ? undefined : Math.max(...shares);
}

const asSentence = (text: string): string => escapeHtml(/[.!?]$/.test(text) ? text : `${text}.`);

function renderTableBlock(block: Block, context: CellContext, count: Count): string {
  if (block.broken) throw new Error(block.broken);
  const results = sourcesOf(block, context);
  const missing = notComputable(results);
  if (missing) return missing;
  const shown = results[0];
  if (!shown) throw new Error('a table needs of=NAME, the block whose rows it shows');
  if (shown.rows.length === 0 && block.options.empty !== undefined) {
    return `<p class="empty">${renderInline(String(block.options.empty), inlineValue(context))}</p>`;
  }
  const table = renderTable(
    shown,
    {
      columns: columnsThatApply(block, context),
      limit: block.options.limit === undefined ? undefined : Number(block.options.limit),
    },
    context.localTime,
  );
  count.table++;
  return `<figure class="table">\n<figcaption>${captionOf(block, context, results, `Table ${count.table}`, count)}</figcaption>\n${table}\n${sourceDetails(results)}</figure>`;
}

/** The columns asked for, without those whose `if` does not hold. */
function columnsThatApply(block: Block, context: CellContext): Record<string, ColumnWish> | undefined {
  const columns = block.options.columns as Record<string, ColumnWish> | undefined;
  if (!columns) return undefined;
  const scope = { ...context.scope, ...context.run.named };
  const applies = (wish: ColumnWish) =>
    wish === null || typeof wish !== 'object' || wish.if === undefined || Boolean(evaluate(wish.if, scope));
  return Object.fromEntries(Object.entries(columns).filter(([, wish]) => applies(wish)));
}

function renderPlot(block: Block, context: CellContext, count: Count): string {
  if (block.broken) throw new Error(block.broken);
  const results = sourcesOf(block, context);
  const missing = notComputable(results);
  if (missing) return missing;
  const scope = { ...context.scope, ...context.run.named };
  const drawn = evaluate(block.code, scope);
  if (!context.drawing.isNode(drawn))
    throw new Error('a plot block gives no drawing; it should return Plot.plot({...})');
  const described = textOption(block, 'alt') ?? textOption(block, 'caption') ?? block.name;
  const alt = escapeHtml(fillText(described, (e) => evaluate(e, scope)).replaceAll(/\*\*?|`/g, ''));
  count.figure++;
  return `<figure class="plot">\n<div role="img" aria-label="${alt}">${context.drawing.markup(drawn)}</div>\n<figcaption>${captionOf(block, context, results, `Figure ${count.figure}`, count)}</figcaption>\n${sourceDetails(results)}</figure>`;
}

/** A row of large figures: `- label: ..., value: ${...}, note: ...` under `tiles:`. */
function renderTiles(block: Block, context: CellContext): string {
  if (block.broken) throw new Error(block.broken);
  const tiles = block.options.tiles;
  if (!Array.isArray(tiles)) throw new Error('a tiles block holds "tiles:" and a list of label, value, note');
  const value = inlineValue(context);
  const shown = (tiles as Record<string, unknown>[])
    .filter((t) => t.if === undefined || evaluate(String(t.if), { ...context.scope, ...context.run.named }))
    .map((t) => {
      const note = t.note === undefined ? '' : `<dd class="note">${renderInline(String(t.note), value)}</dd>`;
      return `<div><dt>${renderInline(String(t.label), value)}</dt><dd>${renderInline(String(t.value), value)}</dd>${note}</div>`;
    });
  return `<dl class="tiles">${shown.join('')}</dl>`;
}
