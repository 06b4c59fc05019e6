import { expect, it } from 'vitest';
import { smallLake } from '../../golden/measures/small-lake.ts';
import { circumstances, judgeSeed } from './before-after-study.ts';

// The study itself: npm run study:before-after
it('a planted change of 8 % lies in its interval, and one of 10 % is told from nothing', async () => {
  const lake = await smallLake({});
  const [verdict] = await judgeSeed(lake, 1, [circumstances[1]!]);
  lake.closeSync();
  expect(verdict).toMatchObject({ covered: true, tenTold: true, placeboRejected: false });
  expect(verdict!.smallestVisible).toBeLessThan(0.04);
}, 60_000);
