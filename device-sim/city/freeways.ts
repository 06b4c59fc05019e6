import type { Random } from '../random.ts';
import { calibratedBottleneck } from '../traffic/calibrated-bottleneck.ts';
import { CAPACITY_VEH_H, CELL_KM } from '../traffic/cell-transmission.ts';
import type { PeakShape } from '../traffic/demand.ts';
import type { Bottleneck, Freeway } from '../traffic/freeway.ts';
import type { LaidRoad } from './city.ts';
import { windingLine } from './geometry.ts';

/** A freeway as it lies there: both directions share line and interchanges. */
export interface LaidFreeway extends LaidRoad {
  interchanges: readonly { name: string; km: number }[];
  /** Indices in the list of freeways: of increasing, and of decreasing kilometres. */
  freeways: readonly [number, number];
}

/** The three bottlenecks every city has: what they leave of the capacity, and the queue of an ordinary peak. */
const plantedBottlenecks = [
  { freeway: 0, way: 0, nearShare: 0.72, capacityShare: 0.65, queueKm: 8, peak: 'morning' },
  { freeway: 1, way: 0, nearShare: 0.66, capacityShare: 0.8, queueKm: 4, peak: 'evening' },
  { freeway: 0, way: 1, nearShare: 0.6, capacityShare: 0.9, queueKm: 1.5, peak: 'evening' },
] as const;

const LANES = 3;
/** The exit comes first, so that who leaves does not meet who joins. */
const CELLS_FROM_EXIT_TO_ENTRY = 2;
const CELLS_FROM_ENTRY_TO_BOTTLENECK = 2;
const heavyMorning: PeakShape = { morning: 0.45, evening: 0.12 };
const heavyEvening: PeakShape = { morning: 0.12, evening: 0.45 };

export function layFreeways(
  random: Random,
  count: number,
  nextName: () => string,
): { laid: LaidFreeway[]; freeways: Freeway[] } {
  const laid: LaidFreeway[] = [];
  const freeways: Freeway[] = [];
  for (let f = 0; f < count; f++) {
    const lengthKm = f === 0 ? 34.2 : f === 1 ? 30 : f === 2 ? 19.8 : 27;
    const headingDeg = f === 0 ? 184 : f === 1 ? 86 : 40 + ((f * 57) % 140);
    const middle = { x: random.between(-4, 4), y: random.between(-4, 4) + (f > 2 ? f - 2 : 0) };
    const interchanges: { name: string; km: number }[] = [];
    for (let km = 2.6; km < lengthKm - 2.4; km += random.between(3.3, 4.5)) {
      interchanges.push({ name: nextName(), km: round(km) });
    }
    const directions = headingDeg > 135 ? (['southbound', 'northbound'] as const) : eastWest;
    const road = `F${f + 1}`;
    laid.push({
      road,
      name: `${road} ${interchanges[0]!.name} to ${interchanges.at(-1)!.name}`,
      line: windingLine(lengthKm, headingDeg, middle, random.between(0, 6)),
      directions,
      interchanges,
      freeways: [freeways.length, freeways.length + 1],
    });
    for (const way of [0, 1] as const) {
      const planted = plantedBottlenecks.find((b) => b.freeway === f && b.way === way);
      const kms = interchanges.map((i) => (way === 0 ? i.km : round(lengthKm - i.km)));
      const peak = planted ? shapeOf(planted.peak) : (f + way) % 2 === 0 ? heavyMorning : heavyEvening;
      freeways.push(
        layDirection(random, {
          road,
          direction: directions[way],
          lengthKm,
          kms: kms.sort((a, b) => a - b),
          peak,
          ...(planted && { planted }),
        }),
      );
    }
  }
  return { laid, freeways };
}

const eastWest = ['eastbound', 'westbound'] as const;
const shapeOf = (peak: 'morning' | 'evening') => (peak === 'morning' ? heavyMorning : heavyEvening);

interface DirectionPlan {
  road: string;
  direction: string;
  lengthKm: number;
  kms: readonly number[];
  peak: PeakShape;
  planted?: (typeof plantedBottlenecks)[number];
}

function layDirection(random: Random, plan: DirectionPlan): Freeway {
  const cells = Math.round(plan.lengthKm / CELL_KM);
  const exits = plan.kms.map((km) => Math.floor(km / CELL_KM) - 1);
  const planted = plan.planted;
  const at = planted ? nearest(plan.kms, planted.nearShare * plan.lengthKm) : -1;
  // Flow after each interchange, as a share of the largest: highest where the bottleneck is, lower all around.
  const flows = [0, ...plan.kms].map(() => random.between(0.77, 0.86));
  if (at >= 0) {
    flows[at] = 0.87;
    flows[at + 1] = 1;
    flows[at + 2] = 0.8;
  }
  const offShares = plan.kms.map(() => random.between(0.09, 0.13));
  const rampShares = plan.kms.map((_, i) => Math.max(0.02, flows[i + 1]! - flows[i]! * (1 - offShares[i]!)));
  const freewayId = `${plan.road}-${plan.direction[0]!.toUpperCase()}`;
  const bottleneckCell =
    at < 0 ? -1 : exits[at]! + CELLS_FROM_EXIT_TO_ENTRY + CELLS_FROM_ENTRY_TO_BOTTLENECK - 1;
  const bottleneck: Bottleneck | undefined = planted && {
    bottleneckId: `bottleneck-${freewayId}`,
    road: plan.road,
    direction: plan.direction,
    km: round((bottleneckCell + 1) * CELL_KM),
    cell: bottleneckCell,
    capacityShare: planted.capacityShare,
    queueKm: planted.queueKm,
    peak: planted.peak,
  };
  return calibratedBottleneck({
    freewayId,
    road: plan.road,
    direction: plan.direction,
    lengthKm: plan.lengthKm,
    cells,
    lanes: LANES,
    peak: plan.peak,
    flowPerLane: random.between(0.84, 0.92) * CAPACITY_VEH_H,
    entryShare: flows[0]!,
    rampShares,
    offRamps: exits.map((cell, i) => ({ cell, share: offShares[i]! })),
    onRamps: exits.map((cell) => ({ cell: cell + CELLS_FROM_EXIT_TO_ENTRY })),
    ...(bottleneck && { bottleneck }),
  });
}

function nearest(list: readonly number[], value: number): number {
  let best = 0;
  for (let i = 1; i < list.length; i++) {
    if (Math.abs(list[i]! - value) < Math.abs(list[best]! - value)) best = i;
  }
  return best;
}

const round = (value: number) => Math.round(value * 100) / 100;
