import { type ColumnWish, cellText, isNumeric, type ShownColumn, shownColumn } from './columns.ts';
import type { Row } from './duckdb-values.ts';
import { escapeHtml, fmt } from './format.ts';
import type { Result } from './result.ts';

export interface TableWishes {
  /** Which columns, in which order, and how; all without it. */
  columns?: Readonly<Record<string, ColumnWish>> | undefined;
  /** Rows shown at most. */
  limit?: number | undefined;
}

/** @throws Error that names a column the result does not have. */
export function renderTable(result: Result, wishes: TableWishes, localTime: (moment: Date) => Date): string {
  const columns = chosenColumns(result, wishes.columns);
  const rows = result.rows.slice(0, wishes.limit ?? 200);
  const most = new Map(columns.map((c) => [c.name, largest(result.rows, c)]));
  const head = columns.map((c) => headCell(c)).join('');
  const body = rows
    .map(
      (row) =>
        `<tr>${columns.map((c) => bodyCell(c, row[c.name], most.get(c.name)!, localTime)).join('')}</tr>`,
    )
    .join('\n');
  const left = result.rows.length - rows.length;
  const more = left > 0 ? `<p class="more">and ${fmt.number(left)} more</p>` : '';
  return `<div class="scroll"><table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${body}\n</tbody></table></div>${more}`;
}

function chosenColumns(result: Result, wishes: TableWishes['columns']): ShownColumn[] {
  const shown = (name: string, wish: ColumnWish | undefined): ShownColumn => {
    const column = result.columns.find((c) => c.name === name);
    if (!column) {
      throw new Error(
        `${result.name} has no column ${name}; it has ${result.columns.map((c) => c.name).join(', ')}`,
      );
    }
    return shownColumn(column, wish, result.rows.find((r) => r[name] !== null)?.[name]);
  };
  return wishes
    ? Object.entries(wishes).map(([name, wish]) => shown(name, wish))
    : result.columns.map((c) => shown(c.name, undefined));
}

function headCell(column: ShownColumn): string {
  const unit = column.unit === '' ? '' : ` <span class="unit">${escapeHtml(column.unit)}</span>`;
  return `<th scope="col"${isNumeric(column) ? ' class="n"' : ''}><span class="title">${escapeHtml(column.title)}</span>${unit}</th>`;
}

function bodyCell(
  column: ShownColumn,
  value: unknown,
  most: number,
  localTime: (moment: Date) => Date,
): string {
  const text = cellText(column, value, localTime);
  if (!isNumeric(column)) return text.length <= 20 ? `<td class="short">${text}</td>` : `<td>${text}</td>`;
  const length = column.bar && typeof value === 'number' && most > 0 ? Math.max(0, value / most) * 100 : 0;
  const bar = column.bar ? ` style="--bar:${length.toFixed(1)}%"` : '';
  return `<td class="n${column.bar ? ' bar' : ''}"${bar}>${text}</td>`;
}

function largest(rows: readonly Row[], column: ShownColumn): number {
  let most = 0;
  for (const row of rows)
    if (typeof row[column.name] === 'number') most = Math.max(most, row[column.name] as number);
  return most;
}
