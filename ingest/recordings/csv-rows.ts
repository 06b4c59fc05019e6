import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { RecordingFault } from './recording-fault.ts';

/** All rows of a small CSV file, cells as they are printed. @throws RecordingFault when it can not be read. */
export async function csvRows(path: string): Promise<string[][]> {
  const text = await readText(path);
  try {
    return parse(text, { bom: true, relax_column_count: true, relax_quotes: true, skip_empty_lines: true });
  } catch (error) {
    throw new RecordingFault(
      `${path} is no readable CSV`,
      messageOf(error),
      'Look at the line named.',
      error,
    );
  }
}

/** The rows below the header as records. @throws RecordingFault when a column is missing. */
export async function csvRecords<Column extends string>(
  path: string,
  columns: readonly Column[],
): Promise<Record<Column, string>[]> {
  const [header = [], ...rows] = await csvRows(path);
  const at = columns.map((column) => header.indexOf(column));
  const missing = columns.filter((_, i) => at[i] === -1);
  if (missing.length > 0) {
    throw new RecordingFault(
      `${path} lacks the column ${missing.join(', ')}`,
      `its header is ${header.slice(0, 12).join(', ')}`,
      'Is it the right file?',
    );
  }
  return rows.map(
    (row) => Object.fromEntries(columns.map((c, i) => [c, row[at[i]!] ?? ''])) as Record<Column, string>,
  );
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new RecordingFault(`could not read ${path}`, messageOf(error), 'Is the path right?', error);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
