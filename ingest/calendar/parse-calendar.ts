import { parse } from 'csv-parse/sync';
import type { CityTime } from '#domain/city-time.ts';
import { parseInstant } from '#domain/instant.ts';
import { calendar, incident, type RegistryBodies } from '#domain/registry/entries.ts';

export type CalendarEntry = {
  [K in 'calendar' | 'incident']: { kind: K; id: string; body: RegistryBodies[K] };
}['calendar' | 'incident'];

/** A row that could not be used, or only in part; the header of a CSV is row 1. */
export interface CalendarProblem {
  row: number;
  problem: string;
}

export interface ParsedCalendar {
  entries: CalendarEntry[];
  problems: CalendarProblem[];
}

type Row = Readonly<Record<string, unknown>>;

const columns = ['type', 'from', 'to', 'name', 'id', 'road', 'direction', 'site_id', 'lat', 'lon'];

/**
 * Days off, school holidays and events (dates, `to` included), incidents and roadworks (moments, `to` excluded, city
 * time unless they have an offset) from a CSV or a JSON array with these columns. What is wrong is named with its row.
 */
export function parseCalendar(text: string, format: 'csv' | 'json', time: CityTime): ParsedCalendar {
  const problems: CalendarProblem[] = [];
  const entries = new Map<string, CalendarEntry>();
  for (const { row, cells } of rowsOf(text, format, problems)) {
    const read = readRow(cells, time);
    if (typeof read === 'string') problems.push({ row, problem: read });
    else if (entries.has(`${read.kind}/${read.id}`)) {
      problems.push({ row, problem: `${read.id} stands in an earlier row already; that one is kept` });
    } else entries.set(`${read.kind}/${read.id}`, read);
  }
  return { entries: [...entries.values()], problems };
}

function rowsOf(
  text: string,
  format: 'csv' | 'json',
  problems: CalendarProblem[],
): { row: number; cells: Row }[] {
  try {
    const records: unknown =
      format === 'json'
        ? JSON.parse(text)
        : parse(text, {
            bom: true,
            columns: true,
            trim: true,
            relax_column_count: true,
            skip_empty_lines: true,
          });
    if (!Array.isArray(records)) throw new Error('it is no list');
    const first = (records[0] ?? {}) as Row;
    const unused = Object.keys(first).filter((name) => !columns.includes(name));
    if (unused.length > 0) problems.push({ row: 1, problem: `columns not used: ${unused.join(', ')}` });
    return records.map((cells, i) => ({ row: i + (format === 'csv' ? 2 : 1), cells: cells as Row }));
  } catch (error) {
    problems.push({
      row: 0,
      problem: `the file can not be read: ${error instanceof Error ? error.message : error}`,
    });
    return [];
  }
}

function readRow(row: Row, time: CityTime): CalendarEntry | string {
  const type = text(row.type);
  const from = text(row.from);
  const to = text(row.to) ?? from;
  if (!type || !from) return 'the row needs type and from';
  const id = text(row.id) ?? [type, from, text(row.site_id) ?? text(row.road)].filter(Boolean).join('/');
  const name = text(row.name);
  if (type === 'incident' || type === 'roadworks') return readIncident({ row, time, id, from, to: to! });
  const read = calendar.safeParse({
    calendarId: id,
    type,
    ...(name ? { name } : {}),
    firstDate: from,
    lastDate: to,
  });
  if (!read.success) return `${id} is left out: ${read.error.issues[0]!.message}`;
  if (read.data.lastDate < read.data.firstDate) return `${id} is left out: it ends before it begins`;
  return { kind: 'calendar', id, body: read.data };
}

function readIncident(asked: {
  row: Row;
  time: CityTime;
  id: string;
  from: string;
  to: string;
}): CalendarEntry | string {
  const { row, time, id } = asked;
  const [from, to] = [momentOf(asked.from, time), momentOf(asked.to, time)];
  if (from === undefined || to === undefined || to <= from) {
    return `${id} is left out: from and to are no moments, or the wrong way round`;
  }
  const [lat, lon] = [Number(text(row.lat) ?? Number.NaN), Number(text(row.lon) ?? Number.NaN)];
  const siteIds = text(row.site_id)?.split(/[\s;]+/);
  const read = incident.safeParse({
    incidentId: id,
    type: text(row.type),
    ...optional('name', text(row.name)),
    ...optional('road', text(row.road)),
    ...optional('direction', text(row.direction)),
    ...optional('siteIds', siteIds),
    ...(Number.isFinite(lat) && Number.isFinite(lon) ? { position: { lat, lon } } : {}),
    from,
    to,
  });
  return read.success
    ? { kind: 'incident', id, body: read.data }
    : `${id} is left out: ${read.error.issues[0]!.message}`;
}

function momentOf(written: string, time: CityTime): number | undefined {
  const exact = parseInstant(written);
  if (exact !== undefined) return exact;
  const m = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2}))?$/.exec(written);
  if (!m) return undefined;
  const [year, month, day, hour, minute] = m.slice(1).map((part) => Number(part ?? 0));
  const meaning = time.meaningOf({ year: year!, month: month!, day: day!, hour: hour!, minute: minute! });
  return meaning.type === 'once' ? meaning.at : meaning.type === 'twice' ? meaning.first : undefined;
}

function optional<T>(key: string, value: T | undefined): Record<string, T> {
  return value === undefined ? {} : { [key]: value };
}

function text(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}
