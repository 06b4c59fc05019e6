import type { Result } from './result.ts';

/** RFC 4180, UTF-8, times as ISO 8601. */
export function csvOf(result: Result): string {
  const names = result.columns.map((c) => c.name);
  const lines = [names.map(field).join(',')];
  for (const row of result.rows) {
    lines.push(names.map((n, i) => cell(row[n], result.columns[i]!.type)).join(','));
  }
  return `${lines.join('\r\n')}\r\n`;
}

function cell(value: unknown, type: string): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) {
    const iso = value.toISOString();
    if (type === 'DATE') return iso.slice(0, 10);
    return type.startsWith('TIMESTAMP WITH') ? iso : iso.slice(0, 19);
  }
  return field(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

/** A text that a spreadsheet would take for a formula is kept one by a leading apostrophe. */
function field(text: string): string {
  const safe = /^[=+\-@\t]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
