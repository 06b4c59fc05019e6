/** What the rules go by unless somebody asks for others, as in `feed-macros.sql`. */
export const usualLimits = {
  staleFeedS: 65,
  silentFeedS: 300,
  staleVehicleS: 90,
  frozenMin: 10,
  stuckMin: 20,
  maxKmh: 150,
} as const;

/** Within this, two positions are one place that a receiver wanders over. */
export const NO_JUMP_M = 200;
/** Faster than this, or further, a vehicle drove. */
export const DROVE_KMH = 5;
export const DROVE_M = 100;
/** At more stops than this it was not at one place. */
export const STANDS_AT_STOPS = 2;
/** So far with one next stop is not a queue. */
export const STUCK_M = 2_000;
