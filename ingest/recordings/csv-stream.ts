import { createReadStream } from 'node:fs';
import { parse } from 'csv-parse';
import { RecordingFault } from './recording-fault.ts';

/** An unclosed quote must not take the rest of the file into memory. */
const LONGEST_ROW = 1_048_576;

export interface CsvRow {
  /** Counted from the header, which is 1; rows that can not be read are not counted. */
  row: number;
  cells: string[];
}

/**
 * Rows of a CSV file as they are read, the header first; a row that can not be read goes to `onUnreadable`.
 * @throws RecordingFault when the file can not be read.
 */
export async function* csvStream(
  path: string,
  options: { delimiter?: string | undefined; skipLines?: number | undefined },
  onUnreadable: (detail: string) => void,
): AsyncGenerator<CsvRow> {
  let row = 0;
  const file = createReadStream(path);
  const parser = parse({
    bom: true,
    delimiter: options.delimiter ?? ',',
    from_line: (options.skipLines ?? 0) + 1,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: LONGEST_ROW,
    on_skip: (error) => {
      onUnreadable(error?.message ?? 'unreadable');
      return undefined;
    },
  });
  file.on('error', (error) => parser.destroy(error));
  file.pipe(parser);
  try {
    for await (const cells of parser as AsyncIterable<string[]>) {
      row++;
      yield { row, cells };
    }
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new RecordingFault(`could not read ${path}`, detail, 'Is it a CSV file with a header?', error);
  } finally {
    file.destroy();
  }
}
