import { metresBetween } from './shape.ts';

/** Nobody goes faster on a line: the rest is a jump of the receiver. */
export const FASTEST_M_PER_S = 100;
/** How far a receiver may slip back. */
export const SLIP_M = 50;
/** So many jumps in a row are where the vehicle is. */
const JUMPS_BELIEVED = 5;

/** Tells of positions, given in order of time, whether nobody can have been there, by those before. */
export function receiverJumps(): (p: { at: number; lat: number; lon: number }) => boolean {
  let last: { at: number; lat: number; lon: number } | undefined;
  let jumps = 0;
  return (p) => {
    const isJump =
      last !== undefined && metresBetween(last, p) > ((p.at - last.at) / 1_000) * FASTEST_M_PER_S + SLIP_M;
    jumps = isJump ? jumps + 1 : 0;
    if (isJump && jumps < JUMPS_BELIEVED) return true;
    last = p;
    return false;
  };
}
