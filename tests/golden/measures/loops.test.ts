import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeDerived } from '#analytics/lake/derived-tables.ts';
import { readManifest } from '#analytics/lake/manifest.ts';
import { openLake } from '#analytics/lake/open-lake.ts';
import { runMeasure } from '#analytics/measures/run-measure.ts';
import { stopVisitsTable } from '#analytics/transit/transit-tables.ts';
import { registryView } from '#domain/registry/registry.ts';
import { importText, removeTemporaryFolders, smallFeed } from '../../unit/gtfs/small-feed.ts';

// Six trips, ten minutes apart from 08:00 UTC on Monday 13 May 2024: A, B two minutes later, C, B again eight minutes after A, D.
const way = [
  ['A', 0],
  ['B', 120],
  ['C', 300],
  ['B', 480],
  ['D', 600],
] as const;
const clock = (s: number) => new Date(s * 1_000).toISOString().slice(11, 19);
const six = [0, 1, 2, 3, 4, 5];

let db: DuckDBConnection;
beforeAll(async () => {
  const { directory } = await importText({
    ...smallFeed,
    agency: smallFeed.agency.replace('Europe/Berlin', 'UTC'),
    shapes: undefined,
    trips: `route_id,service_id,trip_id,direction_id\n${six.map((i) => `r,week,t${i},0\n`).join('')}`,
    stop_times: `trip_id,arrival_time,departure_time,stop_id,stop_sequence\n${six
      .flatMap((i) =>
        way.map(([stop, s], n) => {
          const at = clock(28_800 + i * 600 + s);
          return `t${i},${at},${at},${stop},${n + 1}\n`;
        }),
      )
      .join('')}`,
  });
  const session = () =>
    openLake({ directory, registry: registryView([]), city: { name: 'X', timezone: 'UTC' } });
  const making = await session();
  // Every vehicle just as planned.
  await writeDerived(
    making,
    directory,
    readManifest(directory),
    stopVisitsTable,
    '2024-05-13',
    `SELECT DATE '2024-05-13' AS date, t.trip_id, t.trip_id AS vehicle_id, t.route_id, t.direction_id, t.pattern_id, 'scheduled' AS relationship, true AS counts,
      c.position::INTEGER AS position, c.stop_id, c.position = 1 AS is_first, c.position = 5 AS is_last,
      TIMESTAMPTZ '2024-05-13 00:00:00+00' + to_seconds(c.arrival_s + t.shift_s) AS arrival_at, arrival_at AS departure_at, 'event' AS arrival_method, 'event' AS departure_method
    FROM timetable_trips t JOIN timetable_stop_times c USING (timetable, times_id)`,
    [],
  );
  making.closeSync();
  db = await session();
});
afterAll(() => {
  db.closeSync();
  removeTemporaryFolders();
});

async function ask(measure: string, parameters: Record<string, unknown>) {
  const answer = await runMeasure(db, measure, {
    from_at: Date.parse('2024-05-13T00:00:00Z'),
    to_at: Date.parse('2024-05-14T00:00:00Z'),
    ...parameters,
  });
  if (!answer.computable) throw new Error(answer.because);
  return answer.rows;
}

describe('a stop that a trip calls at twice', () => {
  it('has a row of headways for each pass: ten minutes, not two and eight', async () => {
    const [b] = await ask('headways', { by: 'stop', stop: 'B' });
    expect(b).toMatchObject({ headways: 10, mean_min: 10, longest_min: 10, cv: 0, big_gaps: 0 });
  });

  it('waits for the next of the same pass, which is not frequent because there are two', async () => {
    const [b] = await ask('excess-wait', { by: 'stop', stop: 'B', frequent_per_h: 6 });
    expect(b).toMatchObject({ departures: 12, swt_min: 5, awt_min: 5, ewt_min: 0 });
    expect(await ask('excess-wait', { by: 'stop', stop: 'B', frequent_per_h: 7 })).toEqual([]);
  });

  it('is even: no vehicle bunches with itself', async () => {
    expect((await ask('headway-adherence', { stop: 'B' }))[0]).toMatchObject({ adherence_cv: 0 });
    expect((await ask('bunching', { by: 'stop', stop: 'B' }))[0]).toMatchObject({
      bunched_share: 0,
      gap_share: 0,
    });
  });
});
