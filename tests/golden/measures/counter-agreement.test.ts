import { expect, it } from 'vitest';
import { monday, rowsFrom } from './ask.ts';
import { series } from './small-lake.ts';

it('GEH of 1,000 against 900 vehicles an hour is 3.24, of 1,000 against 800 it is 6.67: below 5 in three hours of four', async () => {
  // sqrt(2 x 100^2 / 1,900) = 3.244; sqrt(2 x 200^2 / 1,800) = 6.667.
  const windows = [
    ...series(
      '2024-05-13T00:00:00Z',
      [1_000, 1_000, 1_000, 1_000].map((count) => ({ site: 'm', count })),
      3_600,
    ),
    ...series(
      '2024-05-13T00:00:00Z',
      [900, 900, 900, 800].map((count) => ({ site: 'c', count })),
      3_600,
    ),
  ];
  const [row] = await rowsFrom({ windows }, 'counter-agreement', { ...monday, site: 'm', against: 'c' });
  expect(row).toMatchObject({ hours: 4, below_5_share: 0.75, agrees: false });
  expect(row!.median_geh).toBeCloseTo(3.244, 3);
  expect(row!.largest_geh).toBeCloseTo(6.667, 3);
  expect(row!.volume_ratio).toBeCloseTo(4_000 / 3_500, 9);
});
