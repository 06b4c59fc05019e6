import { parse } from 'csv-parse/sync';
import { type EntryCollector, entryCollector } from './entry-collector.ts';
import type { NetworkKind, ParsedNetwork } from './parse-network.ts';
import { positionFault } from './positions.ts';
import { defined, numberOf, roadFieldsOf, textOf } from './properties.ts';

type Row = Readonly<Record<string, string>>;

/**
 * Rows below a header whose columns say what they are: corridor_id or screenline_id for those, else site_id, else
 * link_id.
 */
export function parseNetworkCsv(text: string, kind?: NetworkKind): ParsedNetwork {
  const entries = entryCollector();
  const table = tableOf(text, entries);
  if (!table) return entries.result();
  const { header, rows } = table;
  const found = kind ?? kindOf(header);
  if (!found || found === 'zone' || !header.includes(`${found}_id`)) {
    entries.problem(
      1,
      `no column ${found && found !== 'zone' ? `${found}_id` : 'corridor_id, screenline_id, site_id or link_id'}`,
    );
    return entries.result();
  }
  const unused = header.filter((name) => !columns[found].includes(name));
  if (unused.length > 0) entries.problem(1, `columns not used: ${unused.join(', ')}`);
  if (found === 'corridor') readCorridors(rows, entries);
  else if (found === 'screenline') readScreenlines(rows, entries);
  else for (const [i, row] of rows.entries()) readPlace(found, row, i + 2, entries);
  return entries.result();
}

const road = ['name', 'road', 'direction', 'lanes', 'speed_limit_kmh', 'maxspeed', 'length_km'];
const columns: Record<'site' | 'link' | 'corridor' | 'screenline', string[]> = {
  site: ['site_id', ...road, 'link_id', 'lat', 'lon', 'latitude', 'longitude'],
  link: ['link_id', ...road],
  corridor: ['corridor_id', 'name', 'road', 'order', 'site_id', 'km'],
  screenline: ['screenline_id', 'name', 'type', 'site_id', 'direction', 'sense'],
};

function kindOf(header: readonly string[]): NetworkKind | undefined {
  return (['corridor', 'screenline', 'site', 'link'] as const).find((kind) => header.includes(`${kind}_id`));
}

function tableOf(text: string, entries: EntryCollector): { header: string[]; rows: Row[] } | undefined {
  try {
    const [header, ...rows] = parse(text, {
      bom: true,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
    }) as string[][];
    if (!header) throw new Error('it is empty');
    const names = header.map((name) => name.trim());
    return {
      header: names,
      rows: rows.map((cells) => Object.fromEntries(names.map((name, i) => [name, cells[i] ?? '']))),
    };
  } catch (error) {
    entries.problem(0, `the file is no readable CSV: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}

function readPlace(kind: 'site' | 'link', row: Row, number: number, entries: EntryCollector): void {
  if (kind === 'link') {
    entries.add('link', defined({ linkId: textOf(row, 'linkId'), ...roadFieldsOf(row) }), number);
    return;
  }
  const siteId = textOf(row, 'siteId');
  const lat = Number(textOf(row, 'lat', 'latitude') ?? Number.NaN);
  const lon = Number(textOf(row, 'lon', 'longitude') ?? Number.NaN);
  const fault = positionFault(lat, lon);
  if (fault && siteId) entries.problem(number, `site ${siteId} has no position: ${fault}`);
  const position = fault ? undefined : { lat, lon };
  const body = { siteId, ...roadFieldsOf(row), linkId: textOf(row, 'linkId'), position };
  entries.add('site', defined(body), number);
}

interface Stop {
  row: number;
  order: number;
  km: number;
  siteId: string;
  cells: Row;
}

function readCorridors(rows: readonly Row[], entries: EntryCollector): void {
  const corridors = new Map<string, Stop[]>();
  for (const [i, cells] of rows.entries()) {
    const row = i + 2;
    const corridorId = textOf(cells, 'corridorId');
    const siteId = textOf(cells, 'siteId');
    const order = numberOf(cells, 'order');
    const km = numberOf(cells, 'km');
    if (!corridorId || !siteId) entries.problem(row, 'the row needs corridor_id and site_id');
    else if (typeof order !== 'number' || typeof km !== 'number') {
      entries.problem(row, `site ${siteId} of corridor ${corridorId} needs a number for order and km`);
    } else {
      const stops = corridors.get(corridorId);
      const stop = { row, order, km, siteId, cells };
      if (stops) stops.push(stop);
      else corridors.set(corridorId, [stop]);
    }
  }
  for (const [corridorId, stops] of corridors) {
    stops.sort((a, b) => a.order - b.order);
    const wrong = firstMisplaced(stops);
    if (wrong) {
      entries.problem(wrong.stop.row, `corridor ${corridorId} is left out: ${wrong.why}`);
      continue;
    }
    const first = stops[0]!;
    const body = {
      corridorId,
      name: textOf(first.cells, 'name'),
      road: textOf(first.cells, 'road'),
      sites: stops.map(({ siteId, km }) => ({ siteId, km: Math.round((km - first.km) * 1e6) / 1e6 })),
    };
    entries.add('corridor', defined(body), first.row);
  }
}

/** A crossing a row; `type` and `name` as in the line's first. */
function readScreenlines(rows: readonly Row[], entries: EntryCollector): void {
  const lines = new Map<string, { row: number; cells: Row; crossings: Record<string, unknown>[] }>();
  for (const [i, cells] of rows.entries()) {
    const row = i + 2;
    const screenlineId = textOf(cells, 'screenlineId');
    const siteId = textOf(cells, 'siteId');
    const sense = textOf(cells, 'sense') ?? 'in';
    if (!screenlineId || !siteId) entries.problem(row, 'the row needs screenline_id and site_id');
    else if (sense !== 'in' && sense !== 'out') {
      entries.problem(row, `site ${siteId} of screenline ${screenlineId}: sense is in or out, not ${sense}`);
    } else {
      const line = lines.get(screenlineId) ?? { row, cells, crossings: [] };
      line.crossings.push(defined({ siteId, direction: textOf(cells, 'direction'), sense }));
      lines.set(screenlineId, line);
    }
  }
  for (const [screenlineId, { row, cells, crossings }] of lines) {
    const body = {
      screenlineId,
      name: textOf(cells, 'name'),
      type: textOf(cells, 'type') ?? 'screenline',
      crossings,
    };
    entries.add('screenline', defined(body), row);
  }
}

function firstMisplaced(stops: readonly Stop[]): { stop: Stop; why: string } | undefined {
  const seen = new Set<string>();
  for (const [i, stop] of stops.entries()) {
    const before = stops[i - 1];
    if (seen.has(stop.siteId)) return { stop, why: `site ${stop.siteId} stands in it twice` };
    if (before?.order === stop.order) return { stop, why: `order ${stop.order} stands in it twice` };
    if (before && stop.km < before.km) {
      return {
        stop,
        why: `km ${stop.km} of site ${stop.siteId} is less than ${before.km} of the one before it`,
      };
    }
    seen.add(stop.siteId);
  }
  return undefined;
}
