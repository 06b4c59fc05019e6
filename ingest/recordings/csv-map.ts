import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { readingKinds } from '#domain/readings/reading-kinds.ts';
import { device, site } from '#domain/registry/entries.ts';
import { RecordingFault } from './recording-fault.ts';
import { wallClockReader } from './wall-clock-format.ts';

const column = z.string().min(1);
const inColumn = z.strictObject({ column });

const field = z.union([
  column,
  z.strictObject({
    column,
    /** What the printed number is multiplied with to come to the field's unit: 1.609344 for mph, 0.01 for per cent. */
    factor: z.number().optional(),
    /** The cell is taken as text. */
    text: z.literal(true).optional(),
  }),
]);

const deviceName = z.union([
  z.string().min(1),
  z.strictObject({
    column,
    /** Set before what the column holds. */
    prefix: z.string().optional(),
  }),
]);

/** One reading made of each row. */
const series = z.strictObject({
  /** Instead of the map's own. */
  device: deviceName.optional(),
  direction: z.union([z.string().min(1), inColumn]).optional(),
  lane: z.union([z.int().min(1), inColumn]).optional(),
  /** Fields with one value for all rows. */
  constants: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  /** Field of the reading (`count`, `counts.bicycle`, `speedKmh`, `occupancy`, ...) by column. */
  fields: z.record(z.string().regex(/^[A-Za-z]+(\.[A-Za-z]+)?$/), field),
});

/** How the rows of a CSV file become readings. Columns are named as in the header. */
export const csvMap = z.strictObject({
  $schema: z.string().optional(),
  name: z.string().optional(),
  city: z.string().optional(),
  notes: z.array(z.string()).optional(),
  /** IANA zone of the city, and of printed times without an offset. */
  timezone: z.string().refine(isZone, 'no IANA time zone, such as America/Los_Angeles'),
  delimiter: z.string().length(1).optional(),
  /** Lines before the header. */
  skipLines: z.int().min(0).optional(),
  /** The file's rows run backwards in time: it is held in memory and read from its end. */
  newestFirst: z.boolean().optional(),
  /** Cells that mean there is no value; an empty cell always does. */
  noValue: z.array(z.string()).optional(),
  time: z.strictObject({
    /** One column, or several joined by a blank. */
    column: z.union([column, z.array(column).min(1)]),
    /** A pattern such as `MM/dd/yyyy hh:mm:ss a`, or `rfc3339`, `unix-s`, `unix-ms`. */
    format: z.string().refine(isFormat, 'no time pattern with year, month and day'),
    /** What is printed: the interval's start (so without this), or its end. */
    prints: z.enum(['start', 'end']).optional(),
  }),
  kind: z.enum(readingKinds.map((k) => k.kind) as [string, ...string[]]).default('traffic-flow'),
  /** Length of an interval; absent for events. */
  periodS: z.int().min(1).max(86_400).optional(),
  device: deviceName.optional(),
  series: z.array(series).min(1),
  /** Where the devices stand; one that is not listed gets a site of its own name, without a position. */
  sites: z.array(site.partial({ siteId: true }).extend({ deviceId: device.shape.deviceId })).optional(),
});

export type CsvMap = z.infer<typeof csvMap>;
export type CsvSeries = CsvMap['series'][number];

/** @throws RecordingFault for a file that is no column map. */
export async function readCsvMap(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new RecordingFault(
      `could not read the column map ${path}`,
      detail,
      'See docs/examples/fremont-map.json.',
      error,
    );
  }
}

/** @throws RecordingFault that names what does not fit, fields included. */
export function checkCsvMap(raw: unknown): CsvMap {
  const parsed = csvMap.safeParse(raw);
  if (!parsed.success) throw mapFault(parsed.error.issues);
  const map = parsed.data;
  const kind = readingKinds.find((k) => k.kind === map.kind)!;
  const places = map.series.map((s) => JSON.stringify([s.device ?? map.device, s.direction, s.lane]));
  if (new Set(places).size < places.length) {
    throw mapFault([
      { path: ['series'], message: 'two series differ in neither device, direction nor lane' },
    ]);
  }
  for (const s of map.series) {
    if (s.device === undefined && map.device === undefined) {
      throw mapFault([
        { path: ['device'], message: 'no device is named, neither for the map nor for the series' },
      ]);
    }
    const text = textFields(s);
    const { error } = kind.schema.safeParse(probe(map, s, text));
    const issues = (error?.issues ?? []).filter((issue) => !text.includes(String(issue.path[0])));
    if (issues.length > 0) throw mapFault(issues);
  }
  return map;
}

/** A reading as the series would make it, to see whether the schema knows its fields. */
function probe(map: CsvMap, s: CsvSeries, text: readonly string[]): Record<string, unknown> {
  const reading: Record<string, unknown> = { kind: map.kind, observedAt: '2000-01-01T00:00:00Z' };
  if (map.periodS !== undefined) reading.periodS = map.periodS;
  if (s.direction !== undefined) reading.direction = 'N';
  if (s.lane !== undefined) reading.lane = 1;
  for (const [path, value] of Object.entries(s.constants ?? {})) setField(reading, path, value);
  for (const path of Object.keys(s.fields)) setField(reading, path, text.includes(path) ? 'x' : 1);
  return reading;
}

function textFields(s: CsvSeries): string[] {
  return Object.entries(s.fields).flatMap(([path, f]) => (typeof f === 'object' && f.text ? [path] : []));
}

/** Sets `speedKmh`, or `bicycle` within `counts`. */
export function setField(reading: Record<string, unknown>, path: string, value: string | number): void {
  const dot = path.indexOf('.');
  if (dot < 0) {
    reading[path] = value;
    return;
  }
  const outer = path.slice(0, dot);
  const inner = (reading[outer] ?? {}) as Record<string, unknown>;
  inner[path.slice(dot + 1)] = value;
  reading[outer] = inner;
}

function mapFault(issues: readonly { path: readonly PropertyKey[]; message: string }[]): RecordingFault {
  const detail = issues
    .slice(0, 4)
    .map((issue) => `${issue.path.length > 0 ? `${issue.path.join('.')}: ` : ''}${issue.message}`)
    .join('; ');
  return new RecordingFault(
    'the column map does not fit',
    detail,
    'It needs timezone, time {column, format}, device, series with fields, and periodS for intervals: see docs/examples/fremont-map.json.',
  );
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

function isFormat(format: string): boolean {
  if (['rfc3339', 'unix-s', 'unix-ms'].includes(format)) return true;
  try {
    wallClockReader(format);
    return true;
  } catch {
    return false;
  }
}
