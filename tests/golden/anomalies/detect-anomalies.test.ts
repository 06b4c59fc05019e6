import { expect, test } from 'vitest';
import { seasonalBaseline, usual } from '#analytics/anomalies/baseline.ts';
import { detectAnomalies } from '#analytics/anomalies/detect-anomalies.ts';
import { MINUTE_MS } from '#domain/instant.ts';

/** Monday 2026-03-02 08:00 UTC: half hour 16 of the week. */
const START = Date.UTC(2026, 2, 2, 8);
const at = (i: number, speedKmh: number) => ({
  siteId: 'a',
  startAt: START + i * 5 * MINUTE_MS,
  slot: 16,
  speedKmh,
});
/** Six Mondays: 98, 100 and 102 by turns, so the median is 100 and the median distance 2. */
const baseline = seasonalBaseline(
  [15, 16, 17].flatMap((slot) =>
    Array.from({ length: 36 }, (_, i) => ({ slot, speedKmh: 98 + 2 * (i % 3) })),
  ),
);

test('98, 100 and 102 are usually 100, give or take 1.4826 x 2', () => {
  expect(usual([98, 100, 102, 98, 102], [98, 100, 102])).toEqual({
    median: 100,
    spread: 1.4826 * 2,
    lowKmh: 98,
    samples: 5,
  });
  expect(baseline[16]!.median).toBe(100);
  expect(baseline[16]!.samples).toBe(108);
  expect(baseline[40]).toBeUndefined();
});

test('two windows on end below a quarter and four spreads are said once, with place, time and baseline', () => {
  const alerts = detectAnomalies(
    [at(0, 99), at(1, 60), at(2, 55), at(3, 50), at(4, 97), at(5, 99), at(6, 101)],
    baseline,
  );
  expect(alerts).toHaveLength(1);
  expect(alerts[0]).toMatchObject({
    siteId: 'a',
    what: 'slow',
    since: START + 5 * MINUTE_MS,
    raisedAt: START + 15 * MINUTE_MS,
    until: START + 20 * MINUTE_MS,
    speedKmh: 55,
  });
  // The spread is believed to be 3 km/h at least: (100 - 55) / 3 = 15.
  expect(alerts[0]!.score).toBeCloseTo(15, 6);
});

test('one slow window, a gap between two, or a drop of a fifth raise nothing', () => {
  expect(detectAnomalies([at(0, 60), at(1, 99), at(2, 99)], baseline)).toEqual([]);
  expect(detectAnomalies([at(0, 60), at(2, 60), at(3, 99)], baseline)).toEqual([]);
  expect(detectAnomalies([at(0, 80), at(1, 80), at(2, 80)], baseline)).toEqual([]);
});

test('where slow is usual, slow is no anomaly', () => {
  const queue = seasonalBaseline(
    [15, 16, 17].flatMap((slot) => Array.from({ length: 36 }, () => ({ slot, speedKmh: 30 }))),
  );
  expect(detectAnomalies([at(0, 30), at(1, 28), at(2, 29)], queue)).toEqual([]);
});

test('a queue that comes half an hour early is no anomaly where it comes every day', () => {
  const commuters = [14, 15, 16].map((slot) => Array.from({ length: 36 }, () => ({ slot, speedKmh: 100 })));
  const queues = [17, 18].map((slot) => Array.from({ length: 36 }, () => ({ slot, speedKmh: 35 })));
  const peak = seasonalBaseline([...commuters, ...queues].flat());
  expect(peak[16]!.median).toBe(100);
  expect(detectAnomalies([at(4, 36), at(5, 35)], peak)).toEqual([]);
  expect(detectAnomalies([at(4, 25), at(5, 25)], peak)).toHaveLength(1);
});

test('an incident among the past moves a median hardly, and a mean a lot', () => {
  const past = [15, 16, 17].flatMap((slot) =>
    Array.from({ length: 36 }, (_, i) => ({ slot, speedKmh: i < 6 ? 15 : 100 + (i % 3) })),
  );
  expect(seasonalBaseline(past)[16]!.median).toBeGreaterThanOrEqual(100);
});
