import type { Caveats } from './caveats.ts';
import { type CsvMap, type CsvSeries, setField } from './csv-map.ts';
import { csvStream } from './csv-stream.ts';
import { RecordingFault } from './recording-fault.ts';

/** A column map bound to a file's header. */
export interface CsvColumns {
  time: number[];
  series: CsvSource[];
}

/** Reads one series' reading out of a row's cells. */
export interface CsvSource {
  /** `undefined` where the row names none. */
  device(cells: readonly string[]): NamedDevice | undefined;
  direction(cells: readonly string[]): string | undefined;
  lane(cells: readonly string[]): number | undefined;
  /** Sets the fields that have a value; false when none has. */
  fill(reading: Record<string, unknown>, cells: readonly string[], row: number, caveats: Caveats): boolean;
}

export interface NamedDevice {
  /** With `-` for what no device id can hold. */
  deviceId: string;
  /** As printed. */
  printed: string;
}

/** @throws RecordingFault when the header lacks a column of the map, or has it twice. */
export async function csvColumns(file: string, map: CsvMap): Promise<CsvColumns> {
  const header = await headerOf(file, map);
  const columnAt = (name: string): number => {
    const at = header.indexOf(name);
    if (at >= 0 && header.indexOf(name, at + 1) < 0) return at;
    throw new RecordingFault(
      `${file} has ${at < 0 ? 'no' : 'more than one'} column ${name}`,
      `its header is ${header.slice(0, 12).join(', ')}${header.length > 12 ? ', ...' : ''}`,
      'Name the columns of the map as the header does.',
    );
  };
  return {
    time: [map.time.column].flat().map(columnAt),
    series: map.series.map((series) => sourceOf(series, map, columnAt)),
  };
}

async function headerOf(file: string, map: CsvMap): Promise<string[]> {
  for await (const { cells } of csvStream(file, map, () => {})) return cells.map((cell) => cell.trim());
  throw new RecordingFault(`${file} is empty`, 'it has no header', 'Is it the right file?');
}

function sourceOf(series: CsvSeries, map: CsvMap, columnAt: (name: string) => number): CsvSource {
  const fields = Object.entries(series.fields).map(([path, field]) => {
    const { column, factor = 1, text } = typeof field === 'string' ? { column: field } : field;
    return { path, column, at: columnAt(column), factor, text: text ?? false };
  });
  const constants = Object.entries(series.constants ?? {});
  const noValue = new Set(['', ...(map.noValue ?? [])]);
  const direction = cellReader(series.direction, columnAt);
  const lane = cellReader(series.lane, columnAt);
  return {
    device: deviceReader(series.device ?? map.device!, columnAt),
    direction: (cells) => direction(cells) || undefined,
    lane: (cells) => Number(lane(cells)) || undefined,
    fill: (reading, cells, row, caveats) => {
      let filled = false;
      for (const { path, column, at, factor, text } of fields) {
        const cell = (cells[at] ?? '').trim();
        if (noValue.has(cell)) continue;
        if (!text && !number.test(cell)) {
          const detail = 'the cell holds no number: the reading is sent without it';
          caveats.add('unreadable-value', detail, `row ${row}, ${column}: ${cell.slice(0, 40)}`);
          continue;
        }
        setField(reading, path, text ? cell : Number(cell) * factor);
        filled = true;
      }
      if (filled) for (const [path, value] of constants) setField(reading, path, value);
      return filled;
    },
  };
}

const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,2})?$/i;

function cellReader(
  from: string | number | { column: string } | undefined,
  columnAt: (name: string) => number,
): (cells: readonly string[]) => string {
  if (typeof from !== 'object') return () => String(from ?? '');
  const at = columnAt(from.column);
  return (cells) => (cells[at] ?? '').trim();
}

function deviceReader(
  from: string | { column: string; prefix?: string | undefined },
  columnAt: (name: string) => number,
): CsvSource['device'] {
  if (typeof from === 'string') {
    const named = namedDevice(from);
    return () => named;
  }
  const at = columnAt(from.column);
  const known = new Map<string, NamedDevice>();
  return (cells) => {
    const cell = (cells[at] ?? '').trim();
    if (cell === '') return undefined;
    let named = known.get(cell);
    if (!named) {
      named = namedDevice(cell, from.prefix);
      known.set(cell, named);
    }
    return named;
  };
}

function namedDevice(printed: string, prefix = ''): NamedDevice {
  return {
    deviceId: (prefix + printed).replace(/[^A-Za-z0-9\-:.%_*?!(),=@$']+/g, '-').slice(0, 128),
    printed,
  };
}
