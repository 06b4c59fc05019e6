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
  'delay-at-references',
  'person-delay',
  'travel-time-index',
  'planning-time-index',
  'buffer-index',
  'lottr',
  'tttr',
  'lost-productivity',
  'level-of-service',
  'street-level-of-service',
  'free-flow-speed',
  'single-loop-speeds',
  'slowest-sites',
  'completeness',
  'silent-sensors',
  'counts',
  'average-daily-traffic',
  'aadt',
  'aadt-hourly',
  'design-hour',
  'peak-hour',
  'peak-spreading',
  'vehicle-class-mix',
  'drivers-speeds',
  'screenline-flow',
  'counter-agreement',
  'before-after',
  'corridor-travel-time',
  'corridor-speed-map',
  'bottlenecks',
  'bottleneck-episodes',
  'slow-sections',
  'slow-outliers',
  'on-time-performance',
  'headways',
  'headway-adherence',
  'excess-wait',
  'bunching',
  'run-time',
  'suggested-timetable',
  'dwell',
  'segment-speeds',
  'slow-zones',
  'service-delivered',
  'service-lost',
  'road-match',
  'rider-delay',
  'bus-priority',
  'transit-before-after',
  'equity',
  'ridership',
  'passenger-load',
  'crowding',
  'passenger-on-time',
  'passenger-wait',
  'passenger-headway-adherence',
  'passenger-bunching',
  'passenger-run-time',
  'passenger-slow-zones',
  'passenger-dwell',
  'passenger-service',
  'passenger-counters',
  'passenger-counts',
  'feed-quality',
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
    throw new MeasureFault(`there is no measure "${name}"`, `measures: ${measures.join(', ')}`, {
      asked: name,
      among: measures,
    });
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
