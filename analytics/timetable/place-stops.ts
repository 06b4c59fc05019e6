import { likeliestWalk } from '../transit/likeliest-walk.ts';
import { type Foot, feetOn, makeShape, type Shape } from '../transit/shape.ts';

/** Stops of a pattern along its way. */
export interface PlacedStops {
  /** Metres from the start of the way to each stop, never falling. */
  alongM: number[];
  lengthM: number;
  /** 'shape', or 'straight' lines from stop to stop: there is no shape, or it does not come by the stops in their order. */
  basis: 'shape' | 'straight';
  /** Of the stop that lies farthest from the shape; 0 without one. */
  farthestM: number;
}

type Position = { lat: number; lon: number };

/** A stop farther from its shape than this is not served by it. */
const FARTHEST_STOP_M = 500;

export function placeStops(stops: readonly Position[], shape: Shape | undefined): PlacedStops {
  if (shape !== undefined && shape.x.length > 1) {
    const walk = likeliestWalk(
      stops.map((stop) => feetOn(shape, stop, FARTHEST_STOP_M)),
      (_i, from, _j, to) => (to.alongM >= from.alongM ? 0 : Number.POSITIVE_INFINITY),
    );
    const placed = walk.filter((foot): foot is Foot => foot !== undefined);
    const inOrder = placed.every((foot, i) => i === 0 || foot.alongM >= placed[i - 1]!.alongM);
    if (inOrder && placed.length === stops.length) {
      return {
        alongM: placed.map((foot) => foot.alongM),
        lengthM: shape.lengthM,
        basis: 'shape',
        farthestM: Math.max(0, ...placed.map((foot) => foot.offM)),
      };
    }
  }
  // As those measure who look for the vehicle on this way.
  const { along, lengthM } = makeShape(stops);
  return { alongM: [...along], lengthM, basis: 'straight', farthestM: 0 };
}
