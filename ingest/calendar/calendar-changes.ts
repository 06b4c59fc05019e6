import { isDeepStrictEqual } from 'node:util';
import type { Instant } from '#domain/instant.ts';
import { ALWAYS, type NewRegistryChange, type RegistryView } from '#domain/registry/registry.ts';
import type { CalendarEntry } from './parse-calendar.ts';

export interface CalendarDifference {
  changes: NewRegistryChange[];
  added: number;
  changed: number;
  unchanged: number;
}

/**
 * What to write so that the registry says what the file says. What was never known holds always, so that a calendar
 * imported late serves the past; what differs holds from `from` on (always, where none is given).
 */
export function calendarChanges(
  view: RegistryView,
  entries: readonly CalendarEntry[],
  from: Instant | undefined,
): CalendarDifference {
  const difference: CalendarDifference = { changes: [], added: 0, changed: 0, unchanged: 0 };
  for (const { kind, id, body } of entries) {
    const known = view.known(kind, id);
    const now = view.at(kind, id, from ?? Number.MAX_SAFE_INTEGER);
    if (now && isDeepStrictEqual(now, body)) {
      difference.unchanged++;
      continue;
    }
    difference[known ? 'changed' : 'added']++;
    difference.changes.push({ kind, id, validFrom: known ? (from ?? ALWAYS) : ALWAYS, body });
  }
  return difference;
}
