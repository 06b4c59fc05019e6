/** Kilometres east and north of the city's centre. */
export interface Spot {
  x: number;
  y: number;
}

/** A road's centre line, a spot every `LINE_STEP_KM`, so that the road is as long as its line. */
export interface CentreLine {
  lengthKm: number;
  spots: readonly Spot[];
}

/** Open moor and forest: nobody's traffic. */
const CENTRE = { lat: 55.22, lon: -2.61 };
const KM_PER_DEGREE = 111.32;
const LINE_STEP_KM = 0.1;

/** A gently winding road whose middle lies at `middle`; `headingDeg` from north, clockwise, of increasing km. */
export function windingLine(lengthKm: number, headingDeg: number, middle: Spot, bend: number): CentreLine {
  const steps = Math.ceil(lengthKm / LINE_STEP_KM);
  const spots: Spot[] = [{ x: 0, y: 0 }];
  for (let i = 0; i < steps; i++) {
    const wave = 0.3 * Math.sin((2 * Math.PI * i * LINE_STEP_KM) / 11 + bend);
    const heading = (headingDeg * Math.PI) / 180 + wave;
    const last = spots[i]!;
    spots.push({
      x: last.x + LINE_STEP_KM * Math.sin(heading),
      y: last.y + LINE_STEP_KM * Math.cos(heading),
    });
  }
  const half = spots[Math.floor(steps / 2)]!;
  return { lengthKm, spots: spots.map((s) => ({ x: s.x - half.x + middle.x, y: s.y - half.y + middle.y })) };
}

/** A spot beside the line: `leftM` metres to the left of increasing km. */
export function spotAt(line: CentreLine, km: number, leftM: number): Spot {
  const along = Math.max(0, Math.min(line.spots.length - 1.001, km / LINE_STEP_KM));
  const i = Math.floor(along);
  const a = line.spots[i]!;
  const b = line.spots[i + 1]!;
  const share = along - i;
  const length = Math.hypot(b.x - a.x, b.y - a.y);
  const left = leftM / 1_000 / length;
  return {
    x: a.x + share * (b.x - a.x) - left * (b.y - a.y),
    y: a.y + share * (b.y - a.y) + left * (b.x - a.x),
  };
}

export function position(spot: Spot): { lat: number; lon: number } {
  const round = (value: number) => Math.round(value * 1e6) / 1e6;
  return {
    lat: round(CENTRE.lat + spot.y / KM_PER_DEGREE),
    lon: round(CENTRE.lon + spot.x / (KM_PER_DEGREE * Math.cos((CENTRE.lat * Math.PI) / 180))),
  };
}

/** [lon, lat] pairs from one kilometre to another, in the direction of travel, which may be down the line. */
export function lineBetween(
  line: CentreLine,
  fromKm: number,
  toKm: number,
  leftM: number,
): [number, number][] {
  const pieces = Math.max(1, Math.ceil(Math.abs(toKm - fromKm) / 0.5));
  const points: [number, number][] = [];
  for (let i = 0; i <= pieces; i++) {
    const { lat, lon } = position(spotAt(line, fromKm + ((toKm - fromKm) * i) / pieces, leftM));
    points.push([lon, lat]);
  }
  return points;
}
