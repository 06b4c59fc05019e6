import type { Random } from '../random.ts';
import type { Street } from '../traffic/street.ts';
import type { LaidRoad } from './city.ts';
import { type Spot, windingLine } from './geometry.ts';

/** An arterial or rural road as it lies there. */
export interface LaidStreet extends LaidRoad {
  type: Street['type'];
  /** Indices in the list of streets: of increasing, and of decreasing kilometres. */
  streets: readonly [number, number];
}

export function layStreets(
  random: Random,
  counts: { arterials: number; rural: number },
  nextName: () => string,
): { laid: LaidStreet[]; streets: Street[] } {
  const laid: LaidStreet[] = [];
  const streets: Street[] = [];
  const lay = (type: Street['type'], lengthKm: number, middle: Spot, emptyAtNight: boolean) => {
    const name = type === 'arterial' ? `${nextName()} Road` : `${nextName()} Lane`;
    const headingDeg = 10 + ((laid.length * 73) % 160);
    const directions =
      headingDeg > 45 && headingDeg < 135
        ? (['eastbound', 'westbound'] as const)
        : headingDeg <= 45
          ? (['northbound', 'southbound'] as const)
          : (['southbound', 'northbound'] as const);
    const flow = type === 'arterial' ? random.between(900, 1_400) : random.between(45, 110);
    laid.push({
      type,
      road: name,
      name,
      line: windingLine(lengthKm, headingDeg, middle, random.between(0, 6)),
      directions,
      streets: [streets.length, streets.length + 1],
    });
    for (const way of [0, 1] as const) {
      const inbound = way === laid.length % 2;
      streets.push({
        streetId: `${name.replaceAll(' ', '-')}-${directions[way][0]!.toUpperCase()}`,
        road: name,
        direction: directions[way],
        type,
        lengthKm,
        lanes: type === 'arterial' ? 2 : 1,
        freeFlowKmh: type === 'arterial' ? 54 : 76,
        peak: inbound ? { morning: 0.38, evening: 0.2 } : { morning: 0.2, evening: 0.38 },
        flow,
        capacity: type === 'arterial' ? 1_550 : 900,
        emptyAtNight,
      });
    }
  };
  for (let a = 0; a < counts.arterials; a++) {
    lay('arterial', 6.6, { x: random.between(-5, 5), y: random.between(-5, 5) }, false);
  }
  const empty = Math.max(1, Math.round(0.4 * counts.rural));
  for (let r = 0; r < counts.rural; r++) {
    const angle = random.between(0, 2 * Math.PI);
    lay('rural', 9, { x: 17 * Math.cos(angle), y: 17 * Math.sin(angle) }, r < empty);
  }
  return { laid, streets };
}
