import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MeasureFault } from './measure-fault.ts';
import { type MeasureHeader, parseMeasureHeader } from './measure-header.ts';

/** Every measure there is. A new one is one SQL file of this name and one line here. */
export const measures = [
  'speed-by-hour-of-week',
  'flow-profile',
  'vkt',
  'vht',
  'delay',
  'travel-time-index',
  'free-flow-speed',
  'slowest-sites',
  'completeness',
  'silent-sensors',
  'counts',
  'average-daily-traffic',
  'peak-hour',
  'corridor-travel-time',
  'corridor-speed-map',
] as const;

export type MeasureName = (typeof measures)[number];

export interface Measure extends MeasureHeader {
  name: MeasureName;
  /** One SELECT, header included; reads its parameters with getvariable(). */
  sql: string;
}

/** @throws MeasureFault for a name that is none. */
export function getMeasure(name: string): Measure {
  const known = measures.find((measure) => measure === name);
  if (known === undefined) {
    throw new MeasureFault(`there is no measure "${name}"`, `measures: ${measures.join(', ')}`);
  }
  let measure = read.get(known);
  if (measure === undefined) {
    const sql = readFileSync(join(import.meta.dirname, `${known}.sql`), 'utf8');
    measure = { name: known, sql, ...parseMeasureHeader(known, sql) };
    read.set(known, measure);
  }
  return measure;
}

const read = new Map<MeasureName, Measure>();

/** Every measure's header, for help and documentation. */
export function describeMeasures(): Measure[] {
  return measures.map(getMeasure);
}
