/** Metres a detector is covered by so many vehicles of each class: their lengths and its own. */
export function effectiveLengthM(cars: number, vans: number, trucks: number, buses: number): number {
  return 6.1 * cars + 6.9 * vans + 11 * trucks + 12 * buses;
}

/** Share of a three-lane carriageway's vehicles on one lane (1 at the kerb) at so many vehicles a minute and lane. */
export function laneShares(perLane: number, lane: number): number {
  const load = Math.min(1, perLane / 30);
  if (lane === 1) return 0.46 - 0.15 * load;
  if (lane === 2) return 0.4 - 0.05 * load;
  return 0.14 + 0.2 * load;
}

/** Freely moving traffic is slower at the kerb, faster in the middle. */
export function laneSpeedFactor(lane: number): number {
  return lane === 1 ? 0.93 : lane === 2 ? 1.01 : 1.1;
}
