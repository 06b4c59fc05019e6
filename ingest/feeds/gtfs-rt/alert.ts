import { formatInstant } from '#domain/instant.ts';
import { type Decoded, type FedReading, mend } from '../feed.ts';
import { type EntityContext, instantOf, observedAtOf, tripFields } from './gtfs-rt.ts';
import { type Field, fieldsOf, textOf } from './protobuf.ts';

/** By number; without the unknown ones. */
const causes: Readonly<Record<number, string>> = {
  2: 'other-cause',
  3: 'technical-problem',
  4: 'strike',
  5: 'demonstration',
  6: 'accident',
  7: 'holiday',
  8: 'weather',
  9: 'maintenance',
  10: 'construction',
  11: 'police-activity',
  12: 'medical-emergency',
};
const effects: Readonly<Record<number, string>> = {
  1: 'no-service',
  2: 'reduced-service',
  3: 'significant-delays',
  4: 'detour',
  5: 'additional-service',
  6: 'modified-service',
  7: 'other-effect',
  9: 'stop-moved',
  10: 'no-effect',
  11: 'accessibility-issue',
};
const severities: Readonly<Record<number, string>> = { 2: 'info', 3: 'warning', 4: 'severe' };
const MOST_INFORMED = 2_000;
const MOST_PERIODS = 200;

/** An Alert. It has no time of its own: it is in force at the header's. */
export function alertReading(
  bytes: Uint8Array,
  entityId: string,
  context: EntityContext,
): FedReading | string {
  const { decoded, headerAt } = context;
  if (entityId === '') return 'alert-of-no-id';
  const observedAt = headerAt === undefined ? undefined : observedAtOf(headerAt, context);
  if (observedAt === undefined) return 'no-time';
  const fields = [...fieldsOf(bytes)];
  const number = (n: number) => fields.findLast((f) => f.number === n)?.value ?? 0;
  const periods = fields.filter((f) => f.number === 1).map((f) => periodOf(f, decoded));
  const informs = fields.filter((f) => f.number === 5).map((f) => informedOf(f, decoded));
  if (informs.length > MOST_INFORMED || periods.length > MOST_PERIODS) mend(decoded, 'alert-too-long');
  const cause = causes[number(6)];
  const effect = effects[number(7)];
  const severity = severities[number(14)];
  const header = translated(fields, 10, 1_000, decoded);
  const description = translated(fields, 11, 8_000, decoded);
  return {
    kind: 'service-alert',
    observedAt,
    alertId: entityId,
    ...(cause && { cause }),
    ...(effect && { effect }),
    ...(severity && { severity }),
    ...(periods.length > 0 && { activePeriods: periods.slice(0, MOST_PERIODS) }),
    ...(informs.length > 0 && { informs: informs.slice(0, MOST_INFORMED) }),
    ...(header !== undefined && { header }),
    ...(description !== undefined && { description }),
  };
}

function periodOf({ bytes }: Field, decoded: Decoded): { from?: string; to?: string } {
  const period: { from?: string; to?: string } = {};
  for (const { number, value } of fieldsOf(bytes)) {
    const at = instantOf(value, decoded);
    if (at !== undefined && number === 1) period.from = formatInstant(at);
    if (at !== undefined && number === 2) period.to = formatInstant(at);
  }
  return period;
}

function informedOf({ bytes }: Field, decoded: Decoded): Record<string, string> {
  const informed: Record<string, string> = {};
  for (const field of fieldsOf(bytes)) {
    if (field.number === 4) {
      const { tripId, routeId } = tripFields(field.bytes, decoded);
      if (tripId) informed.tripId = tripId;
      if (routeId) informed.routeId ??= routeId;
      continue;
    }
    const text = textOf(field);
    if (!text) continue;
    if (field.number === 1) informed.agencyId = text;
    else if (field.number === 2) informed.routeId = text;
    else if (field.number === 5) informed.stopId = text;
  }
  return informed;
}

/** The first translation: producers put their own language first. */
function translated(
  fields: readonly Field[],
  number: number,
  most: number,
  decoded: Decoded,
): string | undefined {
  const field = fields.find((f) => f.number === number);
  if (!field) return undefined;
  for (const translation of fieldsOf(field.bytes)) {
    if (translation.number !== 1) continue;
    for (const part of fieldsOf(translation.bytes)) {
      const text = part.number === 1 ? textOf(part) : undefined;
      if (text === undefined) continue;
      if (text.length > most) mend(decoded, 'text-cut');
      return text.slice(0, most);
    }
  }
  return undefined;
}
