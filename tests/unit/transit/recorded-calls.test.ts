import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { siri } from '#ingest/feeds/siri/siri.ts';
import { recording } from '../../shared-data.ts';
import { removeTemporaryFolders } from '../gtfs/small-feed.ts';
import { transitLake, type WireReading } from './transit-lake.ts';

afterAll(removeTemporaryFolders);

/** Seconds after 22:00 in Oslo on 28 August 2018. */
const at = (s: number) => new Date(Date.parse('2018-08-28T20:00:00Z') + s * 1_000).toISOString();
const HOUR_S = 3_600;

interface Told {
  stopId: string;
  arrivalS?: number;
  departureS?: number;
  isForecast?: true;
}
function update(s: number, calls: Told[]): WireReading {
  const stops = calls.map(({ stopId, arrivalS, departureS, isForecast }) => ({
    stopId,
    ...(arrivalS !== undefined && { arrivalAt: at(arrivalS) }),
    ...(departureS !== undefined && { departureAt: at(departureS) }),
    ...(!isForecast && { recorded: true }),
  }));
  return {
    kind: 'trip-update',
    observedAt: at(s),
    tripId: 'night',
    routeId: 'F5',
    vehicleId: 'NSB/705',
    stops,
  };
}

async function visitsOf(date: string, ...readings: WireReading[]): Promise<unknown[]> {
  const lake = await transitLake(undefined, readings);
  await lake.match(date, 'Europe/Oslo');
  const rows = await lake.rows(
    `SELECT stop_id, epoch_ms(arrival_at)::DOUBLE AS arrival, arrival_method, epoch_ms(departure_at)::DOUBLE AS departure, departure_method
     FROM matched_visits ORDER BY position`,
  );
  const seconds = (v: unknown) => (v === null ? null : ((v as number) - Date.parse(at(0))) / 1_000);
  return rows.map((r) => [
    r.stop_id,
    r.arrival_method && `${r.arrival_method} ${seconds(r.arrival)}`,
    r.departure_method && `${r.departure_method} ${seconds(r.departure)}`,
  ]);
}

describe('calls that a feed has recorded', () => {
  it('are visits, each as it was told last', async () => {
    const visits = await visitsOf(
      '2018-08-28',
      update(200, [
        { stopId: 'A', departureS: 30 },
        { stopId: 'B', arrivalS: 180 },
        { stopId: 'C', arrivalS: 400, isForecast: true },
      ]),
      update(260, [
        { stopId: 'A', departureS: 40 },
        { stopId: 'B', arrivalS: 180, departureS: 250 },
        { stopId: 'C', arrivalS: 420, isForecast: true },
      ]),
    );
    expect(visits).toEqual([
      ['A', null, 'recorded 40'],
      ['B', 'recorded 180', 'recorded 250'],
    ]);
  });

  it('leave the stop at which the vehicle stands as the next: it has not left it', async () => {
    const standing = (s: number) =>
      update(s, [
        { stopId: 'B', arrivalS: 180 },
        { stopId: 'C', arrivalS: 900, isForecast: true },
      ]);
    expect(await visitsOf('2018-08-28', standing(200), standing(500))).toEqual([['B', 'recorded 180', null]]);
  });

  it('do not stand against what the vehicle itself said', async () => {
    const arrived = {
      kind: 'stop-event',
      observedAt: at(171),
      vehicleId: 'NSB/705',
      tripId: 'night',
      stopId: 'B',
    };
    const visits = await visitsOf(
      '2018-08-28',
      { ...arrived, event: 'arrival' },
      update(260, [{ stopId: 'B', arrivalS: 180, departureS: 250 }]),
    );
    expect(visits).toEqual([['B', 'event 171', 'recorded 250']]);
  });

  it('are none where the time lies ahead, whatever the feed calls it', async () => {
    const visits = await visitsOf(
      '2018-08-28',
      update(200, [
        { stopId: 'A', departureS: 30 },
        { stopId: 'B', arrivalS: 900, departureS: 960 },
      ]),
    );
    expect(visits).toEqual([['A', null, 'recorded 30']]);
  });

  it('are of the day on which the trip began, also when told the morning after', async () => {
    const told = update(13 * HOUR_S, [
      { stopId: 'A', departureS: 0 },
      { stopId: 'B', arrivalS: 12.5 * HOUR_S },
    ]);
    const all = [
      ['A', null, 'recorded 0'],
      ['B', 'recorded 45000', null],
    ];
    expect(await visitsOf('2018-08-28', told)).toEqual(all);
    expect(await visitsOf('2018-08-29', told)).toEqual([]);
  });
});

it('Entur’s SIRI-ET gives a visit for each recorded call whose actual times were over, and headways of them', async (context) => {
  const readings: WireReading[] = [];
  let calls = 0;
  for (const name of ['siri-et-from-bnr.xml', 'siri-et-gir-npe.xml']) {
    const body = readFileSync(recording(context, `siri/entur-siri-et/${name}`));
    const decode = siri.decoder({ timezone: 'Europe/Oslo' });
    readings.push(...decode({ receivedAt: 0, source: name, body }).readings.map((r) => r.reading));
    // What an eye finds in the text.
    const text = body.toString();
    const madeAt = Date.parse(/<ResponseTimestamp>([^<]+)/.exec(text)![1]!);
    for (const [call] of text.matchAll(/<RecordedCall>.*?<\/RecordedCall>/gs)) {
      const actual = [...call.matchAll(/<Actual\w+Time>([^<]+)/g)].map((m) => Date.parse(m[1]!));
      if (actual.some((time) => time <= madeAt + 60_000)) calls += 1;
    }
  }
  const lake = await transitLake(undefined, readings);
  let visits = 0;
  let headways = 0;
  for (const date of ['2018-08-27', '2018-08-28', '2018-08-29']) {
    await lake.match(date, 'Europe/Oslo');
    const [row] = await lake.rows(`SELECT count(*)::INTEGER AS visits,
        count(*) FILTER (route_id IS NULL OR arrival_within_s <> 60 OR departure_within_s <> 60)::INTEGER AS wrong,
        (count(*) - count(DISTINCT (route_id, stop_id)))::INTEGER AS headways FROM matched_visits`);
    expect(row!.wrong).toBe(0);
    visits += row!.visits as number;
    headways += row!.headways as number;
  }
  expect(calls).toBe(1_631);
  expect(visits).toBe(calls);
  expect(headways).toBeGreaterThan(400);
});
