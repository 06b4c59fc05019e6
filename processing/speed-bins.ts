import { MAX_SPEED_KMH } from '#domain/readings/traffic-flow.ts';

/** Weights by km/h, gathered for one window after another. */
export interface SpeedBins {
  add(kmh: number, weight: number): void;
  /** Ascending [km/h, weight] pairs; then it is empty. */
  take(): [number, number][];
}

/** A wide bin of drivers' speeds may end at twice what a vehicle can drive. */
const BINS = 2 * MAX_SPEED_KMH + 1;

export function speedBins(): SpeedBins {
  const weights = new Float64Array(BINS);
  const isMet = new Uint8Array(BINS);
  /** Bins met, ascending: few. */
  const met: number[] = [];
  return {
    add: (kmh, weight) => {
      weights[kmh]! += weight;
      if (isMet[kmh] === 1) return;
      isMet[kmh] = 1;
      let i = met.push(kmh) - 1;
      for (; i > 0 && met[i - 1]! > kmh; i--) met[i] = met[i - 1]!;
      met[i] = kmh;
    },
    take: () => {
      if (met.length === 0) return nothing;
      const pairs = new Array<[number, number]>(met.length);
      for (let i = 0; i < pairs.length; i++) {
        const kmh = met[i]!;
        pairs[i] = [kmh, weights[kmh]!];
        weights[kmh] = 0;
        isMet[kmh] = 0;
      }
      met.length = 0;
      return pairs;
    },
  };
}

const nothing: [number, number][] = [];
