import type { Content } from '#domain/readings/reading-kind.ts';
import { vehicleClasses } from '#domain/readings/traffic-flow.ts';

/** The vehicle classes that a reading counts: one object for each set of them. */
export interface ClassSet {
  /** In the order of `vehicleClasses`. */
  names: readonly string[];
  /** What stands before each one's count in a content's JSON. */
  texts: readonly string[];
}

const known = new Map<number, ClassSet>();

/** `bits`: 1 << place in `vehicleClasses`, added up. */
export function classSet(bits: number): ClassSet {
  let found = known.get(bits);
  if (!found) {
    const names = vehicleClasses.filter((_, place) => (bits & (1 << place)) !== 0);
    found = { names, texts: names.map((name) => `,"${name}",`) };
    known.set(bits, found);
  }
  return found;
}

export const noClasses = classSet(0);

/** Of the (class, count) pairs of a traffic flow's content; undefined where they are none. */
export function classSetOf(content: Content): ClassSet | undefined {
  let bits = 0;
  for (let i = 5; i < content.length; i += 2) {
    const place = vehicleClasses.indexOf(content[i] as (typeof vehicleClasses)[number]);
    if (place < 0 || 1 << place <= bits || typeof content[i + 1] !== 'number') return undefined;
    bits |= 1 << place;
  }
  return classSet(bits);
}
