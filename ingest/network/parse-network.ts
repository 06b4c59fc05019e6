import type { RegistryBodies } from '#domain/registry/entries.ts';
import { parseNetworkCsv } from './network-csv.ts';
import { parseNetworkGeoJson } from './network-geojson.ts';

/** What a network file can hold. */
export type NetworkKind = 'site' | 'link' | 'corridor' | 'zone' | 'screenline';

export type NetworkEntry = {
  [K in NetworkKind]: { kind: K; id: string; body: RegistryBodies[K] };
}[NetworkKind];

/** Something of the file that could not be used, or only in part. */
export interface NetworkProblem {
  /** CSV: the row, the header being 1. GeoJSON: the feature, from 1. 0: the file as a whole. */
  row: number;
  problem: string;
}

export interface ParsedNetwork {
  changes: NetworkEntry[];
  problems: NetworkProblem[];
}

export type NetworkFormat = 'geojson' | 'csv';

/**
 * Reads sites, links and zones from GeoJSON, or sites, links, corridors and screenlines from CSV (docs/network.md names the
 * properties and columns). Whatever is wrong is a problem with its row; the rest is read.
 */
export function parseNetwork(text: string, format: NetworkFormat, kind?: NetworkKind): ParsedNetwork {
  return format === 'geojson' ? parseNetworkGeoJson(text, kind) : parseNetworkCsv(text, kind);
}
