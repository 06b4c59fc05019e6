import type { Instant } from '#domain/instant.ts';
import { bell, nameHash, noise } from '../random.ts';
import type { CityDay } from './calendar.ts';
import {
  CELL_KM,
  type CellTransmission,
  cellTransmission,
  type Roadway,
  STEP_S,
} from './cell-transmission.ts';
import { demandShare, highestShare, type PeakShape } from './demand.ts';

/** Where a freeway direction is always narrower than its traffic: the cause of a queue on every working day. */
export interface Bottleneck {
  bottleneckId: string;
  road: string;
  direction: string;
  km: number;
  cell: number;
  /** What is left of the capacity, 0 to 1. */
  capacityShare: number;
  /** The queue an ordinary weekday's peak makes. */
  queueKm: number;
  peak: 'morning' | 'evening';
}

/** One direction of a freeway and the traffic that wants to use it. */
export interface Freeway extends Roadway {
  freewayId: string;
  road: string;
  direction: string;
  lengthKm: number;
  peak: PeakShape;
  /** Vehicles an hour and lane at the highest demand, where `entryShare` and the ramps add up to 1. */
  flowPerLane: number;
  /** Of which arrive at the head of the road, and by each on-ramp. */
  entryShare: number;
  rampShares: readonly number[];
  bottleneck?: Bottleneck;
}

/** Something that lets less traffic through for a while. */
export interface Restriction {
  from: Instant;
  to: Instant;
  /** Lowers the shares of capacity as they are at this moment. */
  apply(capacityShare: Float64Array, at: Instant): void;
}

export interface FreewayTraffic {
  readonly model: CellTransmission;
  /** Lives through one minute. `factor` scales that day's demand. */
  minute(at: Instant, day: CityDay, minuteOfDay: number, factor: number, restrictions: Restriction[]): void;
  /** Vehicles that passed a cell's end in that minute, all lanes. */
  flow(cell: number): number;
  /** Vehicles per kilometre in that minute, all lanes. */
  density(cell: number): number;
  /** Space-mean speed in that minute; NaN on an empty road. */
  speedKmh(cell: number): number;
  /** Length of the unbroken queue that ends at a cell, in the last full five minutes of model time. */
  queueKm(cell: number): number;
}

/** What counts as queued, as in Chen, Skabardonis and Varaiya (2004). */
export const QUEUE_BELOW_KMH = 64;

const STEPS = 60 / STEP_S;
const QUEUE_MINUTES = 5;
/** Arrivals vary less than if every driver chose his moment alone: signals upstream meter them. */
const ARRIVAL_NOISE = 0.4;

/** `seed` undefined: an ordinary day, without chance. */
export function freewayTraffic(freeway: Freeway, seed: number | undefined): FreewayTraffic {
  const model = cellTransmission(freeway);
  const base = new Float64Array(freeway.cells).fill(1);
  if (freeway.bottleneck) base[freeway.bottleneck.cell] = freeway.bottleneck.capacityShare;
  model.capacityShare.set(base);
  const shares = [freeway.entryShare, ...freeway.rampShares];
  const arriving = new Float64Array(shares.length);
  const streams = shares.map((_, s) => nameHash(`${freeway.freewayId}/arrivals/${s}`));
  const highest = highestShare(freeway.peak);
  const recentLeft = new Float64Array(freeway.cells);
  const recentHeld = new Float64Array(freeway.cells);
  const queued = new Uint8Array(freeway.cells);
  let recentMinutes = 0;
  let restricted = false;

  const arrive = (at: Instant, demandPerMinute: number) => {
    for (let s = 0; s < shares.length; s++) {
      const mean = demandPerMinute * shares[s]!;
      const chance =
        seed === undefined || mean <= 0
          ? 1
          : 1 + (ARRIVAL_NOISE * bell(noise(seed, streams[s]!, at / 60_000))) / Math.sqrt(mean);
      arriving[s] = (mean * Math.max(0, chance)) / STEPS;
    }
  };

  const rememberQueue = () => {
    for (let i = 0; i < freeway.cells; i++) {
      recentLeft[i]! += model.left[i]!;
      recentHeld[i]! += model.held[i]!;
    }
    if (++recentMinutes < QUEUE_MINUTES) return;
    for (let i = 0; i < freeway.cells; i++) {
      const speed = speedOf(recentLeft[i]!, recentHeld[i]!);
      queued[i] = speed < QUEUE_BELOW_KMH ? 1 : 0;
    }
    recentLeft.fill(0);
    recentHeld.fill(0);
    recentMinutes = 0;
  };

  return {
    model,
    minute: (at, day, minuteOfDay, factor, restrictions) => {
      const share = demandShare(day, minuteOfDay, freeway.peak) / highest;
      arrive(at, (factor * share * freeway.flowPerLane * freeway.lanes) / 60);
      model.startMinute();
      for (let step = 0; step < STEPS; step++) {
        const stepAt = at + step * STEP_S * 1_000;
        if (restricted || restrictions.length > 0) {
          model.capacityShare.set(base);
          restricted = false;
          for (const r of restrictions) {
            if (stepAt < r.from || stepAt >= r.to) continue;
            r.apply(model.capacityShare, stepAt);
            restricted = true;
          }
        }
        model.step(arriving);
      }
      rememberQueue();
    },
    flow: (cell) => model.left[cell]!,
    density: (cell) => model.held[cell]! / STEPS / CELL_KM,
    speedKmh: (cell) => speedOf(model.left[cell]!, model.held[cell]!),
    queueKm: (cell) => {
      let cells = 0;
      while (cell - cells >= 0 && queued[cell - cells] === 1) cells++;
      return cells * CELL_KM;
    },
  };
}

/** Vehicles that left in any time over vehicle-steps held in the same time, as a speed. */
function speedOf(left: number, held: number): number {
  return held <= 1e-9 ? Number.NaN : (left / held) * CELL_KM * (3_600 / STEP_S);
}
