/** A line on the ground, in metres around its first point: a few hundred kilometres stay within 1 % of true lengths. */
export interface Shape {
  x: Float64Array;
  y: Float64Array;
  /** Metres from the start to each point. */
  along: Float64Array;
  lengthM: number;
  origin: { lat: number; lon: number };
}

/** A place on the line near a position. */
export interface Foot {
  /** From the start of the line. */
  alongM: number;
  /** From the position to the line. */
  offM: number;
}

const METRES_PER_DEGREE = 111_195;

export function makeShape(points: readonly { lat: number; lon: number }[]): Shape {
  const origin = points[0] ?? { lat: 0, lon: 0 };
  const x = new Float64Array(points.length);
  const y = new Float64Array(points.length);
  const along = new Float64Array(points.length);
  for (const [i, p] of points.entries()) {
    const at = metresFrom(origin, p);
    x[i] = at.x;
    y[i] = at.y;
    if (i > 0) along[i] = along[i - 1]! + Math.hypot(x[i]! - x[i - 1]!, y[i]! - y[i - 1]!);
  }
  return { x, y, along, lengthM: along.at(-1) ?? 0, origin };
}

/**
 * Each place where the line comes near the position (no farther than `withinM`): a line that comes by twice has two. In
 * order along the line.
 */
export function feetOn(shape: Shape, position: { lat: number; lon: number }, withinM: number): Foot[] {
  const { x: px, y: py } = metresFrom(shape.origin, position);
  const { x, along } = shape;
  const feet: Foot[] = [];
  let best: Foot | undefined;
  const settle = () => {
    if (best) feet.push(best);
    best = undefined;
  };
  for (let i = 0; i + 1 < x.length; i++) {
    const share = shareAlong(shape, i, px, py);
    const offSquare = offSquareAt(shape, i, share, px, py);
    if (offSquare > withinM * withinM) {
      settle();
      continue;
    }
    const offM = Math.sqrt(offSquare);
    // Once the line has gone away again, its next approach is a place of its own.
    if (best && offM > best.offM + AWAY_M) settle();
    if (!best && feet.length > 0 && offM > feet.at(-1)!.offM && nearEnd(feet.at(-1)!, along[i]!)) continue;
    if (!best || offM < best.offM)
      best = { alongM: along[i]! + share * Math.sqrt(lengthSquare(shape, i)), offM };
  }
  settle();
  return feet;
}

/**
 * A segment of the line no farther from the position than `withinM`, or -1: whether `feetOn` would find any. Looked for at
 * `hint` first, where it was found the last time.
 */
export function segmentNear(
  shape: Shape,
  position: { lat: number; lon: number },
  withinM: number,
  hint: number,
): number {
  const { x: px, y: py } = metresFrom(shape.origin, position);
  const { x } = shape;
  const isNear = (i: number) =>
    offSquareAt(shape, i, shareAlong(shape, i, px, py), px, py) <= withinM * withinM;
  if (hint >= 0 && hint + 1 < x.length && isNear(hint)) return hint;
  for (let i = 0; i + 1 < x.length; i++) if (isNear(i)) return i;
  return -1;
}

function lengthSquare({ x, y }: Shape, i: number): number {
  const dx = x[i + 1]! - x[i]!;
  const dy = y[i + 1]! - y[i]!;
  return dx * dx + dy * dy;
}

/** How far along a segment it comes nearest, from 0 to 1. */
function shareAlong(shape: Shape, i: number, px: number, py: number): number {
  const { x, y } = shape;
  const dx = x[i + 1]! - x[i]!;
  const dy = y[i + 1]! - y[i]!;
  const square = lengthSquare(shape, i);
  return square === 0 ? 0 : Math.min(1, Math.max(0, ((px - x[i]!) * dx + (py - y[i]!) * dy) / square));
}

/** The square of the metres from there. */
function offSquareAt({ x, y }: Shape, i: number, share: number, px: number, py: number): number {
  const offX = px - (x[i]! + share * (x[i + 1]! - x[i]!));
  const offY = py - (y[i]! + share * (y[i + 1]! - y[i]!));
  return offX * offX + offY * offY;
}

const AWAY_M = 20;

/** Still going away from the place before, not coming near again. */
function nearEnd(foot: Foot, alongM: number): boolean {
  return alongM - foot.alongM < 2 * AWAY_M;
}

/** Metres between two positions, on a flat patch of ground. */
export function metresBetween(a: { lat: number; lon: number }, b: { lat: number; lon: number }): number {
  const { x, y } = metresFrom(a, b);
  return Math.hypot(x, y);
}

function metresFrom(
  origin: { lat: number; lon: number },
  p: { lat: number; lon: number },
): { x: number; y: number } {
  return {
    x: (p.lon - origin.lon) * METRES_PER_DEGREE * Math.cos((origin.lat * Math.PI) / 180),
    y: (p.lat - origin.lat) * METRES_PER_DEGREE,
  };
}
