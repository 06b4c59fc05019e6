import { describe, expect, it } from 'vitest';
import { describeMeasures, measures } from '#analytics/measures/measures.ts';
import { runMeasure } from '#analytics/measures/run-measure.ts';
import { series, smallLake } from '../../golden/measures/small-lake.ts';

describe('every measure', () => {
  it.each(measures)('%s answers with the columns its header promises, in that order', async (name) => {
    const lake = await smallLake({
      sites: [{ site: 'a', limit: 80, lanes: 1 }, { site: 'b' }],
      corridors: {
        c: [
          ['a', 0],
          ['b', 2],
        ],
      },
      devices: [
        { device: 'd-a', site: 'a' },
        { device: 'd-b', site: 'b' },
      ],
      windows: ['a', 'b'].flatMap((site) =>
        series(
          '2024-05-13T00:00:00Z',
          Array.from({ length: 288 }, () => ({ site, count: 30, speedKmh: 60 })),
        ),
      ),
    });
    const header = describeMeasures().find((measure) => measure.name === name)!;
    const corridor = header.needs.some(({ need }) => need === 'corridor') ? { corridor_id: 'c' } : {};
    const result = await runMeasure(lake, name, {
      from_at: Date.parse('2024-05-13T00:00:00Z'),
      to_at: Date.parse('2024-05-15T00:00:00Z'),
      ...corridor,
    });
    if (!result.computable) throw new Error(result.because);
    expect(result.columns.map((column) => column.name)).toEqual(header.columns.map((column) => column.name));
    expect(result.columns.map(({ type }) => type)).not.toContain('HUGEINT');
    console.log(name, result.rows.length, result.rows[0], result.dataShare);
  });
});
