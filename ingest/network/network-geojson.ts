import { type EntryCollector, entryCollector } from './entry-collector.ts';
import type { NetworkKind, ParsedNetwork } from './parse-network.ts';
import { type LonLat, lineLengthKm, positionFault } from './positions.ts';
import { defined, type Properties, roadFieldsOf, textOf } from './properties.ts';
import { zonePeopleOf } from './zone-people.ts';

/** A FeatureCollection: Points are sites, LineStrings links in the direction of travel, Polygons zones. */
export function parseNetworkGeoJson(text: string, kind?: NetworkKind): ParsedNetwork {
  const entries = entryCollector();
  const features = featuresOf(text, entries);
  for (const [i, feature] of features.entries()) {
    const problem = readFeature(feature, i + 1, kind, entries);
    if (problem) entries.problem(i + 1, problem);
  }
  return entries.result();
}

interface Feature {
  id?: unknown;
  properties?: Properties | null;
  geometry?: { type?: unknown; coordinates?: unknown } | null;
}

function featuresOf(text: string, entries: EntryCollector): Feature[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    entries.problem(0, `the file is no JSON: ${error instanceof Error ? error.message : error}`);
    return [];
  }
  const { type, features } = (value ?? {}) as { type?: unknown; features?: unknown };
  if (type === 'FeatureCollection' && Array.isArray(features)) return features as Feature[];
  if (type === 'Feature') return [value as Feature];
  entries.problem(0, 'the file is no GeoJSON FeatureCollection');
  return [];
}

const kindOfGeometry: Record<string, NetworkKind> = {
  Point: 'site',
  LineString: 'link',
  MultiLineString: 'link',
  Polygon: 'zone',
  MultiPolygon: 'zone',
};

/** Adds what the feature is, or says why it can be nothing. */
function readFeature(
  feature: Feature,
  row: number,
  wanted: NetworkKind | undefined,
  entries: EntryCollector,
): string | undefined {
  if (typeof feature !== 'object' || feature === null) return 'is no feature';
  const geometry = feature.geometry ?? undefined;
  const found = geometry ? kindOfGeometry[String(geometry.type)] : (wanted ?? 'site');
  if (!found) return `a ${geometry?.type} is no site, link or zone`;
  if (wanted && found !== wanted) return `a ${geometry?.type} is no ${wanted}`;
  const properties = { ...(feature.properties ?? {}) };
  if (feature.id !== undefined && feature.id !== null) properties.id ??= feature.id;
  if (found === 'site') return readSite(properties, geometry?.coordinates, row, entries);
  if (found === 'link') return readLink(properties, geometry, row, entries);
  return readZone(properties, geometry, row, entries);
}

function readSite(
  properties: Properties,
  coordinates: unknown,
  row: number,
  entries: EntryCollector,
): string | undefined {
  const siteId = textOf(properties, 'siteId', 'id');
  const [lon = Number.NaN, lat = Number.NaN] = pointOf(coordinates) ?? [];
  const fault = positionFault(lat, lon);
  const linkId = textOf(properties, 'linkId');
  const position = fault ? undefined : { lat, lon };
  entries.add('site', defined({ siteId, ...roadFieldsOf(properties), linkId, position }), row);
  return fault && siteId ? `site ${siteId} has no position: ${fault}` : undefined;
}

function readLink(
  properties: Properties,
  geometry: Feature['geometry'],
  row: number,
  entries: EntryCollector,
): string | undefined {
  const linkId = textOf(properties, 'linkId', 'id', 'osm_way');
  const line = lineOf(onlyPart(geometry));
  if (!line) return `link ${linkId ?? ''} is left out: it has no single line of two or more positions`;
  const { lengthKm = lineLengthKm(line), ...fields } = roadFieldsOf(properties);
  entries.add('link', defined({ linkId, ...fields, lengthKm, line }), row);
  return undefined;
}

/** Several polygons become the rings of one zone: inside is what an odd number of rings surrounds. */
function readZone(
  properties: Properties,
  geometry: Feature['geometry'],
  row: number,
  entries: EntryCollector,
): string | undefined {
  const zoneId = textOf(properties, 'zoneId', 'id', 'geoid', 'name');
  const polygons = geometry?.type === 'MultiPolygon' ? geometry.coordinates : [geometry?.coordinates];
  const rings = Array.isArray(polygons) ? polygons.flat().map(lineOf) : [];
  if (rings.length === 0 || rings.includes(undefined)) {
    return `zone ${zoneId ?? ''} is left out: its rings are not lists of positions`;
  }
  const { facts, faults } = zonePeopleOf(properties);
  entries.add('zone', defined({ zoneId, name: textOf(properties, 'name'), rings, ...facts }), row);
  if (zoneId) for (const fault of faults) entries.problem(row, `zone ${zoneId} is read without its ${fault}`);
  return undefined;
}

/** The coordinates of a line, also where it is the only part of a MultiLineString. */
function onlyPart(geometry: Feature['geometry']): unknown {
  if (geometry?.type !== 'MultiLineString') return geometry?.coordinates;
  const parts = geometry.coordinates;
  return Array.isArray(parts) && parts.length === 1 ? parts[0] : undefined;
}

/** A height, where there is one, is left out. */
function pointOf(value: unknown): LonLat | undefined {
  if (!Array.isArray(value) || value.length < 2) return undefined;
  const [lon, lat] = value as unknown[];
  return typeof lon === 'number' && typeof lat === 'number' ? [lon, lat] : undefined;
}

function lineOf(value: unknown): LonLat[] | undefined {
  if (!Array.isArray(value) || value.length < 2) return undefined;
  const points = value.map(pointOf);
  return points.every((p) => p !== undefined && positionFault(p[1], p[0]) === undefined)
    ? (points as LonLat[])
    : undefined;
}
