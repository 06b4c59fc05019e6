import { describe, expect, it } from 'vitest';
import type { MeasureParameters } from '#analytics/measures/parameters.ts';
import { runMeasure } from '#analytics/measures/run-measure.ts';
import { type SmallLake, series, smallLake } from './small-lake.ts';

const at = (text: string) => Date.parse(text);
const day: MeasureParameters = { from_at: at('2024-05-13T00:00:00Z'), to_at: at('2024-05-14T00:00:00Z') };

async function rows(lake: SmallLake, name: string, parameters: MeasureParameters) {
  const result = await runMeasure(await smallLake(lake), name, parameters);
  if (!result.computable) throw new Error(`not computable: ${result.because}`);
  return result.rows;
}

describe('speed-by-hour-of-week', () => {
  it('weights by vehicles and takes the harmonic mean, not the arithmetic one', async () => {
    // 30 vehicles at 30 km/h and 30 at 60 km/h over the same road: 60 km in 1 h + 0.5 h = 40 km/h, not 45.
    const found = await rows(
      {
        windows: series('2024-05-13T08:00:00Z', [
          { count: 30, speedKmh: 30 },
          { count: 30, speedKmh: 60 },
        ]),
      },
      'speed-by-hour-of-week',
      day,
    );
    expect(found).toMatchObject([
      { day: 'Mon', hour: 8, hour_of_week: 8, speed_kmh: 40, speed_basis: 'vehicles', days: 1, sites: 1 },
    ]);
  });
});
