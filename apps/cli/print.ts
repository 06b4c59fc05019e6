export const formats = ['table', 'json', 'csv'] as const;
export type Format = (typeof formats)[number];

export type Row = Record<string, unknown>;

/** Prints rows on stdout; everything that is not data belongs on stderr. */
export function printRows(rows: readonly Row[], format: Format, columns = Object.keys(rows[0] ?? {})): void {
  if (format === 'json') printJson(rows);
  else if (format === 'csv') {
    printLines([columns.map(csvCell).join(',')]);
    printLines(rows, (r) => columns.map((c) => csvCell(exactText(r[c]))).join(','));
  } else if (rows.length === 0) printLines(['(no rows)']);
  else printTable(rows, columns);
}

/** Whoever reads stdout may stop when they have seen enough, as `head` does. */
export function endQuietlyWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
    throw error;
  });
}

export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Some rows a write: a string holds half a gigabyte at most. */
const ROWS_A_WRITE = 1_000;

function printLines<T>(items: readonly T[], lineOf: (item: T) => string = String): void {
  for (let from = 0; from < items.length; from += ROWS_A_WRITE) {
    const lines = items.slice(from, from + ROWS_A_WRITE).map(lineOf);
    process.stdout.write(`${lines.join('\n')}\n`);
  }
}

function printJson(rows: readonly Row[]): void {
  printLines(['[']);
  printLines(
    rows.map((row, i) => ({ row, end: i + 1 < rows.length ? ',' : '' })),
    ({ row, end }) => `  ${JSON.stringify(row, jsonValue, 2).replaceAll('\n', '\n  ')}${end}`,
  );
  printLines([']']);
}

function printTable(rows: readonly Row[], columns: readonly string[]): void {
  const cells = rows.map((r) => columns.map((c) => cellText(r[c])));
  const widths = columns.map((c, i) =>
    Math.min(
      60,
      cells.reduce((width, row) => Math.max(width, row[i]!.length), c.length),
    ),
  );
  const numeric = columns.map((c) => rows.every((r) => r[c] == null || isNumber(r[c])));
  const line = (row: readonly string[]) =>
    row
      .map((text, i) => {
        const cut = text.length > 60 ? `${text.slice(0, 59)}…` : text;
        return numeric[i] ? cut.padStart(widths[i]!) : cut.padEnd(widths[i]!);
      })
      .join('  ')
      .trimEnd();
  printLines([line(columns), widths.map((w) => '-'.repeat(w)).join('  ')]);
  printLines(cells, line);
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** For people: seven digits say enough. */
function cellText(value: unknown): string {
  return typeof value === 'number' && !Number.isInteger(value)
    ? String(+value.toPrecision(7))
    : exactText(value);
}

function exactText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z');
  if (typeof value === 'object') return JSON.stringify(value, jsonValue);
  return String(value);
}

function csvCell(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function jsonValue(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}
