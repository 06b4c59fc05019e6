import { cityTime } from '#domain/city-time.ts';
import { formatInstant, type Instant, parseInstant, SECOND_MS } from '#domain/instant.ts';
import { type Caveats, caveatCounter } from './caveats.ts';
import { type CsvColumns, csvColumns } from './csv-columns.ts';
import { type CsvMap, checkCsvMap, readCsvMap } from './csv-map.ts';
import { csvMapFromOptions } from './csv-map-options.ts';
import { csvDevices, csvRegistry } from './csv-registry.ts';
import { type CsvRow, csvStream } from './csv-stream.ts';
import { findFile, nameFromPath } from './find-file.ts';
import { messageBatches, type RecordedReading, spanOf } from './message-batches.ts';
import type { RecordingFormat, RecordingOptions } from './recording.ts';
import { wallClockReader } from './wall-clock-format.ts';
import { type WallClocks, wallClocks } from './wall-clocks.ts';

/** Any CSV file, by a column map: see `csvMap` and docs/examples/fremont-map.json. */
export const csv: RecordingFormat = {
  name: 'csv',
  describe: 'any CSV by a column map (a JSON file, or options such as time=Date count=Volume)',
  open: async (path, options) => {
    const file = await findFile(path, /\.csv$/i, 'CSV file');
    const map = await mapOf(options);
    const columns = await csvColumns(file, map);
    const opened = caveatCounter();
    const registry = csvRegistry(map, await csvDevices(file, map, columns), opened);
    let caveats = opened.copy();
    return {
      name: options.name ?? map.name ?? nameFromPath(file),
      timezone: map.timezone,
      city: map.city ?? map.timezone.split('/').at(-1)!.replaceAll('_', ' '),
      registry,
      notes: map.notes ?? [],
      messages: () => {
        caveats = opened.copy();
        return messageBatches(readRows(file, map, columns, caveats), spanOf(map.periodS ?? 0));
      },
      caveats: () => caveats.list(),
    };
  },
};

async function mapOf(options: RecordingOptions): Promise<CsvMap> {
  const written = options.map === undefined ? {} : await readCsvMap(options.map);
  const said = [...(options.mapOptions ?? [])];
  if (options.timezone) said.push(`timezone=${options.timezone}`);
  if (options.device) said.push(`device=${options.device}`);
  return checkCsvMap(csvMapFromOptions(said, written));
}

async function* readRows(
  file: string,
  map: CsvMap,
  columns: CsvColumns,
  caveats: Caveats,
): AsyncGenerator<RecordedReading> {
  const periodMs = (map.periodS ?? 0) * SECOND_MS;
  const clocks = wallClocks(cityTime(map.timezone), caveats);
  const readTime = timeReader(map.time.format, clocks, periodMs);
  const lastAt = new Map<string, Instant>();
  const onUnreadable = (detail: string) =>
    caveats.add('unreadable-row', 'the row is no readable CSV', detail);

  for await (const { row, cells } of inOrder(csvStream(file, map, onUnreadable), map)) {
    if (row === 1) continue;
    const time = columns.time.map((i) => (cells[i] ?? '').trim()).join(' ');
    for (const source of columns.series) {
      const named = source.device(cells);
      if (!named) {
        caveats.add('no-device', 'the row names no device', `row ${row}`);
        continue;
      }
      const { deviceId } = named;
      const direction = source.direction(cells);
      const lane = source.lane(cells);
      const series = `${deviceId}${direction ? ` ${direction}` : ''}${lane ? ` lane ${lane}` : ''}`;
      const printedAt = readTime(time, series);
      if (printedAt === 'unreadable') {
        caveats.add('unreadable-time', `the time does not read as ${map.time.format}`, `row ${row}: ${time}`);
        continue;
      }
      if (printedAt === 'impossible') continue;
      const at = map.time.prints === 'end' ? printedAt - periodMs : printedAt;
      const reading: Record<string, unknown> = { kind: map.kind, observedAt: formatInstant(at) };
      if (map.periodS !== undefined) reading.periodS = map.periodS;
      if (direction) reading.direction = direction;
      if (lane) reading.lane = lane;
      if (!source.fill(reading, cells, row, caveats)) {
        caveats.add('no-value', 'the row has no value for the series', `${series}, row ${row}: ${time}`);
        continue;
      }
      noteOrder(lastAt, series, at, `${series}, row ${row}: ${time}`, caveats);
      yield { deviceId, receivedAt: at + periodMs, json: JSON.stringify(reading) };
    }
  }
  clocks.finish();
}

type TimeReader = (text: string, series: string) => Instant | 'unreadable' | 'impossible';

function timeReader(format: string, clocks: WallClocks, periodMs: number): TimeReader {
  if (format === 'rfc3339') return (text) => parseInstant(text) ?? 'unreadable';
  if (format === 'unix-s' || format === 'unix-ms') {
    const scale = format === 'unix-s' ? SECOND_MS : 1;
    return (text) => (/^\d{1,13}(\.\d+)?$/.test(text) ? Math.floor(Number(text) * scale) : 'unreadable');
  }
  const read = wallClockReader(format);
  return (text, series) => {
    const wallMs = read(text);
    return wallMs === undefined ? 'unreadable' : (clocks.instantOf(series, wallMs, periodMs) ?? 'impossible');
  };
}

function noteOrder(
  lastAt: Map<string, Instant>,
  series: string,
  at: Instant,
  place: string,
  caveats: Caveats,
): void {
  const last = lastAt.get(series);
  if (last !== undefined && at < last) {
    const detail =
      'the row is earlier than the one before it. No figure depends on it; a file that runs backwards as a whole is better read with newestFirst';
    caveats.add('out-of-order', detail, place);
  }
  lastAt.set(series, at);
}

/** In the order of time: a file that runs backwards is held in memory. */
async function* inOrder(rows: AsyncIterable<CsvRow>, map: CsvMap): AsyncGenerator<CsvRow> {
  if (!map.newestFirst) {
    yield* rows;
    return;
  }
  const all: CsvRow[] = [];
  for await (const row of rows) all.push(row);
  yield* all.reverse();
}
