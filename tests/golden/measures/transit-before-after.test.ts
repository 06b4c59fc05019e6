import { afterAll, beforeAll, expect, it } from 'vitest';
import { getMeasure } from '#analytics/measures/measures.ts';
import { runMeasure } from '#analytics/measures/run-measure.ts';
import { DAY_MS } from '#domain/instant.ts';
import { removeTemporaryFolders } from '../../unit/gtfs/small-feed.ts';
import { type Line, lineLake } from './line-lake.ts';
import { FIRST_MONDAY, weeksOfRuns } from './weeks-of-runs.ts';

let line: Line;
beforeAll(async () => {
  line = await lineLake();
});
afterAll(() => {
  line.db.closeSync();
  removeTemporaryFolders();
});

const period = { from_at: FIRST_MONDAY, to_at: FIRST_MONDAY + 56 * DAY_MS };
const change = { ...period, change_at: FIRST_MONDAY + 28 * DAY_MS };

it('is the change of the treated beyond that of others, with its interval, and nothing at the placebo date', async () => {
  // The treated take 100 s before and 90 s after, a hundredth more and less in turn; on all roads it takes 5 % longer after.
  await weeksOfRuns(line.db, (week) => ({
    r: (week < 4 ? 100 : 90 * 1.05) * Math.exp(week % 2 === 0 ? 0.01 : -0.01),
    q: week < 4 ? 200 : 210,
  }));
  const answer = await runMeasure(line.db, 'transit-before-after', { ...change, treated: 'r' });
  if (!answer.computable) throw new Error(answer.because);
  expect(answer.columns.map((c) => c.name)).toEqual(
    getMeasure('transit-before-after').columns.map((c) => c.name),
  );
  const [changed, placebo] = answer.rows;
  // Weekly differences spread by 4 * 0.01^2 / 3 on each side; the t of 6 degrees is 1.96 + 2.4 / 6 + 4.5 / 36.
  const half = (1.96 + 0.4 + 0.125) * Math.sqrt((2 * (0.0004 / 3)) / 4);
  expect(changed).toMatchObject({
    comparison: 'change',
    told_from_nothing: true,
    treated_segments: 1,
    comparison_segments: 1,
    weeks_before: 4,
    weeks_after: 4,
  });
  expect(changed!.effect).toBeCloseTo(-0.1, 4);
  expect(changed!.low).toBeCloseTo(0.9 * Math.exp(-half) - 1, 4);
  expect(changed!.high).toBeCloseTo(0.9 * Math.exp(half) - 1, 4);
  expect(changed!.treated_before_s).toBeCloseTo(100, 1);
  expect(placebo).toMatchObject({
    comparison: 'placebo',
    told_from_nothing: false,
    low: null,
    weeks_before: 2,
  });
});

it('finds nothing where nothing changed, and takes a segment by its stops', async () => {
  await weeksOfRuns(line.db, (week) => ({ r: 100 + (week % 3), q: 200 + ((week + 1) % 3) }));
  const answer = await runMeasure(line.db, 'transit-before-after', { ...change, treated: 'A>B' });
  if (!answer.computable) throw new Error(answer.because);
  expect(answer.rows[0]).toMatchObject({ comparison: 'change', told_from_nothing: false });
});
