import { type BenchRow, verdict } from './bench-row.ts';

/** As text in columns, or as a Markdown table. */
export function benchTable(rows: readonly BenchRow[], style: 'text' | 'markdown'): string {
  const cells = [
    ['what', 'measured', 'unit', 'limit', 'verdict'],
    ...rows.map((row) => [row.name, figure(row.value), row.unit, limit(row), verdict(row)]),
  ];
  if (style === 'markdown') {
    const lines = cells.map((line) => `| ${line.join(' | ')} |`);
    return [lines[0], '|---|--:|---|---|---|', ...lines.slice(1)].join('\n');
  }
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)));
  return cells
    .map((line) =>
      line
        .map((cell, i) => (i === 1 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function limit({ atLeast, atMost }: BenchRow): string {
  if (atLeast !== undefined) return `at least ${figure(atLeast)}`;
  return atMost === undefined ? '' : `at most ${figure(atMost)}`;
}

function figure(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-GB', { maximumFractionDigits: digits });
}
