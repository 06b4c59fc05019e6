export const formats = ['table', 'json', 'csv'] as const;
export type Format = (typeof formats)[number];

export type Row = Record<string, unknown>;

/** Prints rows on stdout; everything that is not data belongs on stderr. */
export function printRows(rows: readonly Row[], format: Format, columns = Object.keys(rows[0] ?? {})): void {
  if (format === 'json') process.stdout.write(`${JSON.stringify(rows, jsonValue, 2)}\n`);
  else if (format === 'csv') {
    const lines = [columns, ...rows.map((r) => columns.map((c) => cellText(r[c])))];
    process.stdout.write(`${lines.map((line) => line.map(csvCell).join(',')).join('\n')}\n`);
  } else process.stdout.write(`${tableText(rows, columns)}\n`);
}

export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function tableText(rows: readonly Row[], columns: readonly string[]): string {
  if (rows.length === 0) return '(no rows)';
  const cells = rows.map((r) => columns.map((c) => cellText(r[c])));
  const widths = columns.map((c, i) =>
    Math.min(60, Math.max(c.length, ...cells.map((row) => row[i]!.length))),
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
  return [line(columns), widths.map((w) => '-'.repeat(w)).join('  '), ...cells.map(line)].join('\n');
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'bigint';
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number')
    return Number.isInteger(value) ? String(value) : String(+value.toPrecision(7));
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
