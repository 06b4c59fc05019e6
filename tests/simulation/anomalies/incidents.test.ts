import { expect, test } from 'vitest';
import { seasonalBaseline } from '#analytics/anomalies/baseline.ts';
import { detectAnomalies } from '#analytics/anomalies/detect-anomalies.ts';
import { simulatedCity } from '#device-sim/city/simulated-city.ts';
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from '#domain/instant.ts';
import { plainZScore } from './plain-z-score.ts';
import { type Disturbance, simulatedSpeeds } from './simulated-speeds.ts';

/** HEADWAY_ANOMALIES_SENSORS=300 HEADWAY_ANOMALIES_WEEKS=4 HEADWAY_ANOMALIES_SEEDS=21,22,23: the longer form. */
const asked = (name: string, usual: number) => Number(process.env[`HEADWAY_ANOMALIES_${name}`] ?? usual);
const sensors = asked('SENSORS', 60);
const weeks = asked('WEEKS', 1);
const baselineWeeks = asked('BASELINE_WEEKS', 3);
const seeds = (process.env.HEADWAY_ANOMALIES_SEEDS ?? '21').split(',').map(Number);

interface Score {
  incidents: number;
  detected: number;
  minutes: number[];
  falseAlarms: number;
  siteWeeks: number;
}

const scores = (): Score => ({ incidents: 0, detected: 0, minutes: [], falseAlarms: 0, siteWeeks: 0 });

test('incidents that slow traffic are found within minutes, with fewer false alarms than a plain z-score', () => {
  const robust = scores();
  const plain = scores();
  for (const seed of seeds) measureCity(seed, robust, plain);
  const said = [row('robust seasonal baseline', robust), row('plain z-score', plain)];
  console.table(said);
  expect(robust.incidents).toBeGreaterThan(3);
  expect(robust.detected / robust.incidents).toBeGreaterThanOrEqual(0.8);
  expect(robust.falseAlarms / robust.siteWeeks).toBeLessThanOrEqual(0.1);
  expect(median(robust.minutes)).toBeLessThanOrEqual(25);
  expect(robust.falseAlarms).toBeLessThan(plain.falseAlarms);
}, 900_000);

function measureCity(seed: number, robust: Score, plain: Score): void {
  const city = simulatedCity({ seed, sensors, incidentsPer100KmDay: 2 });
  const from = Date.UTC(2026, 3, 13);
  const to = from + weeks * 7 * DAY_MS;
  const { windows, disturbances } = simulatedSpeeds(city, { from: from - baselineWeeks * 7 * DAY_MS, to });
  const places = new Map(city.sensors.map((s) => [s.siteId, s]));
  const robustAlerts: [string, Instant][] = [];
  const plainAlerts: [string, Instant][] = [];
  for (const [siteId, all] of windows) {
    const past = all.filter((w) => w.startAt < from);
    const now = all.filter((w) => w.startAt >= from);
    for (const alert of detectAnomalies(now, seasonalBaseline(past)))
      robustAlerts.push([siteId, alert.raisedAt]);
    for (const raisedAt of plainZScore(past, now)) plainAlerts.push([siteId, raisedAt]);
  }
  // On the spot: on the road, between the tail of the queue and a gantry behind the place; while it lasts and an hour on.
  const explains = (d: Disturbance, [siteId, raisedAt]: [string, Instant]): boolean => {
    const site = places.get(siteId)!;
    const here =
      site.road === d.road &&
      site.direction === d.direction &&
      site.km >= d.fromKm - 1.5 &&
      site.km <= d.toKm + 1.5;
    return here && raisedAt >= d.from && raisedAt <= d.to + HOUR_MS;
  };
  // Nobody can see a queue that reached no sensor.
  const seen = disturbances.filter(
    (d) =>
      d.what === 'incident' &&
      d.from >= from &&
      d.from < to &&
      city.sensors.some(
        (s) =>
          windows.has(s.siteId) &&
          s.road === d.road &&
          s.direction === d.direction &&
          s.km >= d.fromKm &&
          s.km <= d.toKm,
      ),
  );
  for (const [score, alerts] of [
    [robust, robustAlerts],
    [plain, plainAlerts],
  ] as const) {
    score.siteWeeks += windows.size * weeks;
    score.falseAlarms += alerts.filter((alert) => !disturbances.some((d) => explains(d, alert))).length;
    for (const incident of seen) {
      score.incidents++;
      const first = Math.min(
        ...alerts.filter((alert) => explains(incident, alert)).map(([, raisedAt]) => raisedAt),
      );
      if (!Number.isFinite(first)) continue;
      score.detected++;
      score.minutes.push((first - incident.from) / MINUTE_MS);
    }
  }
}

function row(rule: string, s: Score) {
  return {
    rule,
    incidents: s.incidents,
    'detected %': Math.round((100 * s.detected) / s.incidents),
    'false alarms a site and week': Math.round((1_000 * s.falseAlarms) / s.siteWeeks) / 1_000,
    'median minutes to detect': Math.round(median(s.minutes)),
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
