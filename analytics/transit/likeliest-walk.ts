import type { Foot } from './shape.ts';

/**
 * Of the places where each position may lie, the sequence that costs least: the sum of squared offsets and of what each
 * step costs (Viterbi). A position without places is stepped over. Where no step is possible the walk begins anew with
 * the next position, and the cheaper of both parts' places stand.
 */
export function likeliestWalk(
  feet: readonly (readonly Foot[])[],
  /** Infinity where nobody can have gone from one to the other. */
  stepCost: (fromIndex: number, from: Foot, toIndex: number, to: Foot) => number,
): (Foot | undefined)[] {
  const costs: number[][] = [];
  const cameFrom: number[][] = [];
  const before: number[] = [];
  let last = -1;
  for (const [i, here] of feet.entries()) {
    costs.push([]);
    cameFrom.push([]);
    before.push(last);
    for (const to of here) {
      let cost = Number.POSITIVE_INFINITY;
      let from = -1;
      if (last >= 0) {
        for (const [k, foot] of feet[last]!.entries()) {
          const c = costs[last]![k]! + stepCost(last, foot, i, to);
          if (c < cost) {
            cost = c;
            from = k;
          }
        }
      }
      costs[i]!.push(
        (from < 0 ? (last < 0 ? 0 : BEGIN_ANEW + Math.min(...costs[last]!)) : cost) + to.offM ** 2,
      );
      cameFrom[i]!.push(from);
    }
    if (here.length > 0) last = i;
  }
  const walk: (Foot | undefined)[] = feet.map(() => undefined);
  let i = last;
  let j = cheapest(costs[i] ?? []);
  while (i >= 0) {
    walk[i] = feet[i]![j]!;
    const from = cameFrom[i]![j]!;
    i = before[i]!;
    if (i >= 0) j = from < 0 ? cheapest(costs[i]!) : from;
  }
  return walk;
}

/** Dearer than any offset that counts as near. */
const BEGIN_ANEW = 1e7;

function cheapest(costs: readonly number[]): number {
  let at = 0;
  for (let i = 1; i < costs.length; i++) if (costs[i]! < costs[at]!) at = i;
  return at;
}
