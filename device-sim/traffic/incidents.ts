import { type Instant, MINUTE_MS } from '#domain/instant.ts';
import { seededRandom } from '../random.ts';
import type { Calendar } from './calendar.ts';
import { CELL_KM } from './cell-transmission.ts';
import type { Freeway, Restriction } from './freeway.ts';

/** Lanes blocked for a while, somewhere, once. */
export interface Incident extends Restriction {
  incidentId: string;
  freeway: number;
  road: string;
  direction: string;
  km: number;
  cell: number;
  /** What is left of the capacity, 0 to 1. */
  capacityShare: number;
}

/**
 * The incidents of one local day: they happen where and when there is traffic, between 06:00 and 20:30, and depend
 * on nothing but seed and date.
 */
export function incidentsOf(
  seed: number,
  calendar: Calendar,
  dayNumber: number,
  freeways: readonly Freeway[],
  per100KmDay: number,
): Incident[] {
  const random = seededRandom(seed, `incidents/${dayNumber}`);
  const day = calendar.day(dayNumber);
  const incidents: Incident[] = [];
  freeways.forEach((freeway, index) => {
    if (random.next() >= (per100KmDay * freeway.lengthKm) / 100) return;
    const cell = 4 + random.int(freeway.cells - 8);
    const from = calendar.instantOf(dayNumber, 360 + random.int(780));
    const minutes = 20 + Math.round(60 * random.next() * random.next()) + random.int(15);
    const capacityShare = round(random.between(0.2, 0.5));
    incidents.push({
      incidentId: `incident-${day.date}-${freeway.freewayId}`,
      freeway: index,
      road: freeway.road,
      direction: freeway.direction,
      km: round((cell + 1) * CELL_KM),
      cell,
      capacityShare,
      from,
      to: from + minutes * MINUTE_MS,
      apply: (shares) => {
        shares[cell] = Math.min(shares[cell]!, capacityShare);
      },
    });
  });
  return incidents;
}

/** A narrow jam that wanders upstream through free traffic. */
export interface MovingJam extends Restriction {
  freeway: number;
  road: string;
  direction: string;
  /** Where it forms and where it dissolves: `toKm` is upstream, so smaller. */
  fromKm: number;
  toKm: number;
  speedKmh: number;
  /** How long it stays over one place. */
  durationS: number;
}

export const JAM_SPEED_KMH = -18;
const JAM_S = 240;
/** Share of capacity that gets through the jam; it dissolves as fast as it grows, so it neither spreads nor heals. */
const JAM_SHARE = 0.16;
/** One jam in every span of so many days, whichever span one looks at. */
export const JAM_EVERY_DAYS = 14;

/** The moving jam of a local day, if it is the day of one: a working day's afternoon, on a road without bottleneck. */
export function movingJamOf(
  seed: number,
  calendar: Calendar,
  dayNumber: number,
  freeways: readonly Freeway[],
): MovingJam | undefined {
  const random = seededRandom(seed, 'moving-jam');
  const candidates = freeways.flatMap((f, index) => (f.bottleneck ? [] : [index]));
  if (candidates.length === 0) return undefined;
  const freewayIndex = random.pick(candidates);
  const freeway = freeways[freewayIndex]!;
  // Day 0 was a Thursday: 5, 6 and 7 are a Tuesday, a Wednesday and a Thursday.
  const phase = 5 + random.int(3) + 7 * random.int(2);
  if ((((dayNumber - phase) % JAM_EVERY_DAYS) + JAM_EVERY_DAYS) % JAM_EVERY_DAYS !== 0) return undefined;
  const fromKm = round(freeway.lengthKm * random.between(0.8, 0.88));
  const toKm = round(Math.max(1.5, fromKm - 14));
  const from = calendar.instantOf(dayNumber, 13 * 60 + 30 + random.int(45));
  const travelMs = ((fromKm - toKm) / -JAM_SPEED_KMH) * 3_600_000;
  const first = Math.floor(toKm / CELL_KM);
  const last = Math.floor(fromKm / CELL_KM);
  const arrivesAt = (cell: number): Instant =>
    from + (((last - cell) * CELL_KM) / -JAM_SPEED_KMH) * 3_600_000;
  return {
    freeway: freewayIndex,
    road: freeway.road,
    direction: freeway.direction,
    fromKm,
    toKm,
    speedKmh: JAM_SPEED_KMH,
    durationS: JAM_S,
    from,
    to: from + travelMs + JAM_S * 1_000,
    apply: (shares, at) => {
      for (let cell = first; cell <= last; cell++) {
        const sinceMs = at - arrivesAt(cell);
        if (sinceMs >= 0 && sinceMs < JAM_S * 1_000) shares[cell] = Math.min(shares[cell]!, JAM_SHARE);
      }
    },
  };
}

const round = (value: number) => Math.round(value * 100) / 100;
