import { afterAll, describe, expect, it, type TestContext } from 'vitest';
import { hfp } from '#ingest/feeds/hfp/hfp.ts';
import { recording } from '../../shared-data.ts';
import { removeTemporaryFolders } from '../gtfs/small-feed.ts';
import { type TransitLake, transitLake, type WireReading } from './transit-lake.ts';

afterAll(removeTemporaryFolders);

/**
 * Vehicles that change trips, recorded in Helsinki, and what HSL itself makes of their counts: the answers that it publishes
 * beside the recordings (transitdata-partial-apc-expander-combiner, tests/testData/NAME/apc.json). Loads are not compared:
 * HSL's follow the vehicle's own, which drifts.
 */
async function matched(context: TestContext, name: string, date: string): Promise<TransitLake> {
  const path = recording(context, `hfp/hsl-hfp-v2-dumps/${name}`);
  const decode = hfp.decoder({ timezone: 'Europe/Helsinki' });
  const readings: WireReading[] = [];
  for await (const message of hfp.recorded!(path, { timezone: 'Europe/Helsinki' })) {
    readings.push(...decode(message).readings.map((r) => r.reading));
  }
  const lake = await transitLake(undefined, readings);
  await lake.match(date, 'Europe/Helsinki');
  // Who was counted is of a stop, or of none for a reason.
  expect(
    await lake.rows(`SELECT sum(passengers)::INTEGER AS passengers FROM matched_counts
      WHERE side <> 'load' AND (reason IS NULL) <> (stop_id IS NULL)`),
  ).toEqual(await lake.rows('SELECT (sum(boarded) + sum(alighted))::INTEGER AS passengers FROM readings'));
  return lake;
}

const counted = `SELECT trip_id, stop_id, boardings, alightings FROM matched_visits
  WHERE boardings + alightings > 0 ORDER BY arrival_at`;

describe('counts at a change of trips', () => {
  it('of one stop in the middle of a trip are of it', async (context) => {
    const lake = await matched(context, 'stopChange', '2023-10-29');
    expect(await lake.rows(counted)).toEqual([
      { trip_id: '4400/0/15:21:00', stop_id: '1130110', boardings: 1, alightings: 4 },
    ]);
  });

  it('at one stop: who got off came on the trip that ended, who got on leaves on the one that begins', async (context) => {
    const lake = await matched(context, 'serviceJourneyChangeSameStop', '2023-10-29');
    expect(await lake.rows(counted)).toEqual([
      { trip_id: '1064/0/21:12:00', stop_id: '1353117', boardings: 0, alightings: 4 },
      { trip_id: '1064/1/21:57:00', stop_id: '1353117', boardings: 4, alightings: 0 },
    ]);
  });

  it('are told apart without a deadrun between the trips', async (context) => {
    const lake = await matched(context, 'serviceJourneyChangeSameStopWithoutDeadRun', '2024-05-23');
    expect(await lake.rows(counted)).toEqual([
      { trip_id: '4631/0/09:12:00', stop_id: '4810216', boardings: 0, alightings: 3 },
      { trip_id: '4631/1/09:53:00', stop_id: '4810216', boardings: 5, alightings: 0 },
    ]);
  });

  it('are told apart where the next trip is announced before the doors have closed, and begins at another stop', async (context) => {
    const lake = await matched(context, 'serviceJourneyChangeDifferentStop', '2023-10-29');
    expect(await lake.rows(counted)).toEqual([
      { trip_id: '1061/1/14:52:00', stop_id: '1020201', boardings: 0, alightings: 13 },
      { trip_id: '1066/0/15:46:00', stop_id: '1020122', boardings: 18, alightings: 0 },
    ]);
  });

  it('count where the vehicle does not say at which stop it is, and has signed out', async (context) => {
    const lake = await matched(context, 'currentStopNull', '2024-02-13');
    expect(await lake.rows(counted)).toEqual([
      { trip_id: '5520/0/17:35:00', stop_id: '4170293', boardings: 0, alightings: 8 },
      { trip_id: '5520/1/18:48:00', stop_id: '4170215', boardings: 7, alightings: 0 },
    ]);
  });
});
