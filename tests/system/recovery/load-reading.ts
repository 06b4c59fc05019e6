import { DAY_MS, MINUTE_MS } from '#domain/instant.ts';

/**
 * The nth reading of a device under load: lane after lane, minute after minute, so that no two are the same and all
 * of them lie within the last week.
 */
export const LANES = 9;

export const firstMinute = (now: number): number => Math.floor((now - 6.9 * DAY_MS) / MINUTE_MS);

export const minuteOf = (n: number, first: number): number => first + Math.floor(n / LANES);

export const laneOf = (n: number): number => 1 + (n % LANES);

/** Vehicles counted, two digits. */
export const countOf = (n: number): number => (1 + (n % 7)) * 10 + (n % 10);
