import type { CityTime } from '#domain/city-time.ts';
import { DAY_MS, HOUR_MS, type Instant } from '#domain/instant.ts';
import type { Caveats } from './caveats.ts';

/** Turns the wall-clock times of a recording into moments, series by series, in the order of their rows. */
export interface WallClocks {
  /**
   * `series` names what has one row a time: a device, or one lane and direction of it. `wallMs` is the printed time
   * counted as if it were UTC; `periodMs` the length of its interval, 0 for events. `undefined` for a time that never
   * was: the reading can not be sent, and is counted among the caveats.
   */
  instantOf(series: string, wallMs: number, periodMs: number): Instant | undefined;
  /** Counts what only the end of the recording can tell. */
  finish(): void;
}

interface SeriesState {
  lastWallMs: number;
  /** The night clocks go back, while the series is inside the repeated hour. */
  repeated: { pass: 1 | 2; readings: number; fromMs: number } | undefined;
}

/**
 * On the night clocks go back, the first run through the repeated hour is the earlier pass. The second begins where
 * the series steps back, or, where one interval fills the whole repeated time, where a time is printed again. A
 * series that shows one pass only is taken as the earlier, and counted as ambiguous.
 */
export function wallClocks(city: CityTime, caveats: Caveats): WallClocks {
  const states = new Map<string, SeriesState>();

  const settle = (series: string, state: SeriesState): void => {
    const { repeated } = state;
    state.repeated = undefined;
    if (repeated?.pass !== 1) return;
    caveats.add(
      'ambiguous-local-time',
      'clocks went back and the recording shows the repeated hour once: taken as the earlier pass',
      `${series} ${wallText(repeated.fromMs)}`,
      repeated.readings,
    );
  };

  return {
    instantOf: (series, wallMs, periodMs) => {
      let state = states.get(series);
      if (!state) {
        state = { lastWallMs: Number.NEGATIVE_INFINITY, repeated: undefined };
        states.set(series, state);
      }
      const meaning = city.meaningOfMs(wallMs);
      if (meaning.type === 'impossible') {
        caveats.add(
          'impossible-local-time',
          `clocks went forward in ${city.zone}: this time of day never was, the row is not sent`,
          `${series} ${wallText(wallMs)}`,
        );
        return undefined;
      }
      if (state.repeated && wallMs - state.lastWallMs > DAY_MS) settle(series, state);
      const lastWallMs = state.lastWallMs;
      state.lastWallMs = wallMs;
      if (meaning.type === 'once') {
        settle(series, state);
        if (wallMs === lastWallMs && periodMs > 0 && followsGap(city, wallMs, periodMs)) {
          caveats.add(
            'repeated-after-clock-change',
            'clocks went forward and the first time after it is printed twice, so one of the two rows bears a time that never was: both are sent, the later row restates the earlier',
            `${series} ${wallText(wallMs)}`,
          );
        }
        return meaning.at;
      }
      const overlapMs = meaning.second - meaning.first;
      state.repeated ??= { pass: 1, readings: 0, fromMs: wallMs };
      state.repeated.readings++;
      if (wallMs < lastWallMs || (wallMs === lastWallMs && periodMs >= overlapMs)) state.repeated.pass = 2;
      return state.repeated.pass === 1 ? meaning.first : meaning.second;
    },
    finish: () => {
      for (const [series, state] of states) settle(series, state);
    },
  };
}

function followsGap(city: CityTime, wallMs: number, periodMs: number): boolean {
  return city.meaningOfMs(wallMs - Math.min(periodMs, HOUR_MS / 2)).type === 'impossible';
}

export function wallText(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(0, 19).replace('T', ' ');
}
