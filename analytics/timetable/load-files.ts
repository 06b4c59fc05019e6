import { closeSync, openSync, readSync } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';
import { parse } from 'csv-parse/sync';
import { quoted } from '../lake/lake-context.ts';
import type { Finding } from './finding.ts';
import { type GtfsFile, gtfsFiles } from './gtfs-files.ts';

/** A raw table of text for each file that Headway reads, `raw_trips`; empty where the feed has none. */
export async function loadFiles(
  db: DuckDBConnection,
  files: ReadonlyMap<string, string>,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [file, spec] of Object.entries(gtfsFiles)) {
    const path = files.get(`${file}.txt`);
    const columns = spec.map((c) => c.replace('*', ''));
    const header = path === undefined ? [] : headerOf(path);
    if (header.length === 0) {
      await db.run(
        `CREATE TEMP TABLE raw_${file} (${columns.map((c) => `${c} VARCHAR`).join(', ')}, line BIGINT)`,
      );
      continue;
    }
    const lacking = spec.filter((c) => c.endsWith('*') && !header.includes(c.slice(0, -1)));
    if (lacking.length > 0) {
      const examples = lacking.map((c) => c.slice(0, -1));
      findings.push({
        code: 'missing-column',
        severity: 'error',
        file,
        count: lacking.length,
        examples,
        detail: 'required columns that are not there',
      });
    }
    await loadFile(db, file as GtfsFile, path!, header, columns);
    findings.push(...(await rejects(db, file)));
  }
  return findings;
}

async function loadFile(
  db: DuckDBConnection,
  file: GtfsFile,
  path: string,
  header: readonly string[],
  columns: readonly string[],
): Promise<void> {
  const types = header.map((name) => `${quoted(name)}: 'VARCHAR'`).join(', ');
  const values = columns.map((c) =>
    header.includes(c) ? `nullif(trim("${c}"), '') AS ${c}` : `NULL::VARCHAR AS ${c}`,
  );
  // A row may leave out its last columns. Lines are read in order: `line` says which of two equal keys came first.
  await db.run(`CREATE TEMP TABLE raw_${file} AS
    SELECT ${values.join(', ')}, row_number() OVER () AS line FROM read_csv(${quoted(path)}, columns = {${types}},
      auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', strict_mode = false,
      null_padding = true, parallel = false, max_line_size = 1000000, store_rejects = true,
      rejects_table = 'rejected_rows', rejects_scan = 'rejected_scans')`);
}

/** Column names as GTFS writes them, whatever a spreadsheet made of them; a second one of a name gets another. */
function headerOf(path: string): string[] {
  const file = openSync(path, 'r');
  const start = Buffer.alloc(65_536);
  const bytes = readSync(file, start, 0, start.length, 0);
  closeSync(file);
  const [names] = parse(start.subarray(0, bytes), {
    bom: true,
    to: 1,
    relax_quotes: true,
    relax_column_count: true,
  }) as string[][];
  const seen = new Set<string>();
  return (names ?? []).map((text, i) => {
    const name = text.trim().toLowerCase();
    const own = name === '' || seen.has(name) ? `column_${i}` : name;
    seen.add(own);
    return own;
  });
}

async function rejects(db: DuckDBConnection, file: string): Promise<Finding[]> {
  const reader = await db.runAndReadAll(
    `SELECT line::DOUBLE AS line, error_message FROM rejected_rows ORDER BY line`,
  );
  const rows = reader.getRowObjectsJS() as { line: number; error_message: string }[];
  await db.run('DELETE FROM rejected_rows');
  if (rows.length === 0) return [];
  const lines = new Set(rows.map((r) => r.line));
  return [
    {
      code: 'unreadable-row',
      severity: 'error',
      file,
      count: lines.size,
      examples: [...lines].slice(0, 5).map((line) => `line ${line}`),
      detail: `left out: ${rows[0]!.error_message}`,
    },
  ];
}
