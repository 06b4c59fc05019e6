import { DAY_MS, type Instant } from '#domain/instant.ts';
import type { SeasonalBaseline, Usual } from './baseline.ts';

/** A site's window of five minutes, in the order of time. */
export interface SpeedWindow {
  siteId: string;
  startAt: Instant;
  /** Half hour of the local week, 0 is Monday 00:00 to 00:30. */
  slot: number;
  speedKmh: number;
}

/** What, where, since when, against which baseline. */
export interface Alert {
  siteId: string;
  what: 'slow';
  /** Start of the first window of the episode. */
  since: Instant;
  /** End of the window that raised it: the earliest moment it could be known. */
  raisedAt: Instant;
  /** Start of the first window that was as usual again; undefined while it lasts. */
  until: Instant | undefined;
  /** Of the window that raised it. */
  speedKmh: number;
  /** What is usual at that time of the week. */
  usual: Usual;
  /** Spreads below the median. */
  score: number;
}

export interface Rule {
  /** Spreads below the median from which a window is unusual. */
  score: number;
  /** And at least so far below the median: share of it. */
  drop: number;
  /** Windows on end that must be unusual before it is said. */
  windows: number;
}

/** Settled on simulated cities other than those it is measured on (docs/anomalies.md). */
export const usualRule: Rule = { score: 4, drop: 0.25, windows: 2 };

/** No spread is believed to be smaller than this share of the median: a sensor's own noise. */
const LEAST_SPREAD = 0.03;
/** And slower than what was slow before. */
const BELOW_LOW = 0.9;
/** As usual again for so many windows, and an episode is over. */
const CALM_WINDOWS = 3;
const WINDOW_MS = 300_000;

/** Alerts of a site's windows against its baseline: pure, one alert an episode. Windows are ascending, of one site. */
export function detectAnomalies(
  windows: readonly SpeedWindow[],
  baseline: SeasonalBaseline,
  rule: Rule = usualRule,
): Alert[] {
  const alerts: Alert[] = [];
  let open: Alert | undefined;
  let unusual: SpeedWindow[] = [];
  let calmSince: Instant | undefined;
  let calm = 0;
  for (const w of windows) {
    const known = baseline[w.slot];
    if (!known) continue;
    const spread = Math.max(known.spread, LEAST_SPREAD * known.median);
    const score = (known.median - w.speedKmh) / spread;
    const low = w.speedKmh <= (1 - rule.drop) * known.median && w.speedKmh < BELOW_LOW * known.lowKmh;
    if (score >= rule.score && low) {
      const last = unusual.at(-1);
      if (last && w.startAt - last.startAt > WINDOW_MS) unusual = [];
      unusual.push(w);
      calm = 0;
      if (!open && unusual.length >= rule.windows) {
        open = {
          siteId: w.siteId,
          what: 'slow',
          since: unusual[0]!.startAt,
          raisedAt: w.startAt + WINDOW_MS,
          until: undefined,
          speedKmh: w.speedKmh,
          usual: known,
          score,
        };
        alerts.push(open);
      }
      continue;
    }
    unusual = [];
    if (!open) continue;
    if (calm === 0) calmSince = w.startAt;
    calm += 1;
    if (calm >= CALM_WINDOWS || w.startAt - open.raisedAt > DAY_MS) {
      open.until = calmSince;
      open = undefined;
      calm = 0;
    }
  }
  return alerts;
}
