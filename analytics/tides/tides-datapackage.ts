import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TidesExport, TidesFormat } from './export-tides.ts';

/** TIDES 1.0 as it was published: schemas and profile under its tag. */
const SPEC = 'https://raw.githubusercontent.com/TIDES-transit/TIDES/v1.0/spec';

export interface TidesPackage {
  city: string;
  format: TidesFormat;
  matchingVersion: number;
}

/** Writes `datapackage.json` beside the files of an export: what they are, and what they leave out. */
export function writeDatapackage(folder: string, tides: TidesExport, about: TidesPackage): void {
  const [from, to] = [tides.dates[0], tides.dates.at(-1)];
  const leftOut = tides.leftOut.map((l) => `${l.rows} of ${l.table}: ${l.reason}`);
  const descriptor = {
    profile: `${SPEC}/tides-datapackage-profile.json`,
    name: `tides_${slug(about.city)}_${from}_${to}`,
    title: `${about.city}, ${from} to ${to}`,
    description: `Service dates ${from} to ${to}, exported by Headway (matching version ${about.matchingVersion}). ${
      leftOut.length === 0 ? 'Nothing was left out.' : `Left out: ${leftOut.join('; ')}.`
    }`,
    resources: tides.files.map(({ table, serviceDate, path, rows }) => ({
      name: serviceDate === undefined ? table : `${table}_${serviceDate}`,
      path,
      profile: 'tabular-data-resource',
      'tides-table': table,
      schema: `${SPEC}/${table}.schema.json`,
      format: about.format,
      ...(about.format === 'csv' && { mediatype: 'text/csv', encoding: 'utf-8' }),
      description: `${rows} rows`,
      sources: [{ title: 'Headway', component: components[table] }],
    })),
  };
  writeFileSync(join(folder, 'datapackage.json'), `${JSON.stringify(descriptor, null, 2)}\n`);
}

const components: Readonly<Record<string, string>> = {
  trips_performed: 'AVL',
  stop_visits: 'AVL and APC',
  passenger_events: 'APC',
  vehicle_locations: 'AVL',
  vehicles: 'AVL',
};

/** Small letters, digits, `-`, `.`, `_`, as the profile has it. */
function slug(text: string): string {
  return (
    text
      .normalize('NFKD')
      .replace(/\p{M}/gu, '')
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, '-')
      .replace(/^-+|-+$/g, '') || 'city'
  );
}
