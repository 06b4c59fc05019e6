import { afterAll, expect, it } from 'vitest';
import { removeTemporaryFolders, smallFeed } from '../gtfs/small-feed.ts';
import { type TransitLake, transitLake, type WireReading } from './transit-lake.ts';

afterAll(removeTemporaryFolders);

/** Trip t1 leaves A at 08:00 in Berlin, 06:00 UTC, and reaches D, 3 km on, six minutes later. */
const START = Date.parse('2024-05-13T06:00:00Z');
const at = (s: number) => new Date(START + s * 1_000).toISOString();

/** A bus on its way, every 20 s; `observedS` and `receivedS` of the second in which it truly was there. */
function ride(observedS: (s: number) => number, receivedS: (s: number) => number): WireReading[] {
  return Array.from({ length: 20 }, (_, n) => 20 * n).map((s) => ({
    kind: 'vehicle-position',
    observedAt: at(observedS(s)),
    receivedAt: at(receivedS(s)),
    vehicleId: 'bus',
    tripId: 't1',
    serviceDate: '2024-05-13',
    lat: 0,
    lon: 1 + 0.02698 * Math.min(1, s / 360),
  }));
}

async function matched(readings: readonly WireReading[]): Promise<TransitLake> {
  const lake = await transitLake(smallFeed, readings);
  await lake.match('2024-05-13', 'Europe/Berlin');
  return lake;
}

const tripsOf = (lake: TransitLake) =>
  lake.rows(
    'SELECT trip_id, observations::INTEGER AS observations, clock_behind::INTEGER AS clock_behind, stops_visited FROM matched_trips',
  );

it('what a clock an hour behind told is no stop visit, and is counted by that name', async () => {
  const lake = await matched(
    ride(
      (s) => s - 3_600,
      (s) => s + 2,
    ),
  );
  expect(await lake.rows('FROM matched_visits')).toEqual([]);
  expect(await tripsOf(lake)).toEqual([
    { trip_id: 't1', observations: 0, clock_behind: 20, stops_visited: 0 },
  ]);
});

it.each([
  ['comes at once', (s: number) => s + 2],
  ['was held back, and came all together 20 minutes later', () => 1_600],
  ['was held back, and came faster than it was made', (s: number) => 1_600 + s / 4],
  ['was held back, and came last things first', (s: number) => 1_600 - s],
  // A recording that has no times of receipt.
  ['bears no time of receipt', (s: number) => s],
])('what %s is true, late or not', async (_, receivedS) => {
  const lake = await matched(ride((s) => s, receivedS));
  expect(await tripsOf(lake)).toEqual([
    { trip_id: 't1', observations: 20, clock_behind: 0, stops_visited: 4 },
  ]);
});

it('where most of a feed’s vehicles are as late, the feed is late and not their clocks: what they told counts', async () => {
  const late = (vehicleId: string) =>
    ride(
      (s) => s,
      (s) => s + 420,
    ).map((reading) => ({ ...reading, vehicleId, ...(vehicleId !== 'bus' && { tripId: vehicleId }) }));
  const onTime = ride(
    (s) => s,
    (s) => s + 2,
  ).map((reading) => ({ ...reading, vehicleId: 'other', tripId: 'other' }));
  const told = async (...readings: WireReading[][]) => {
    const trips = await tripsOf(await matched(readings.flat()));
    return trips.find((trip) => trip.trip_id === 't1');
  };
  expect(await told(late('bus'), late('two'), onTime)).toMatchObject({ clock_behind: 0, stops_visited: 4 });
  expect(await told(late('bus'), onTime)).toMatchObject({ clock_behind: 20, stops_visited: 0 });
});

it('the hour in which a clock is put right counts, and the one before does not', async () => {
  const behind = ride(
    (s) => s - 3_600,
    (s) => s,
  );
  const right = ride(
    (s) => s + 600,
    (s) => s + 600,
  );
  const lake = await matched([...behind, ...right]);
  expect(await tripsOf(lake)).toEqual([
    { trip_id: 't1', observations: 20, clock_behind: 20, stops_visited: 4 },
  ]);
  const [row] = await lake.rows(
    'SELECT min(coalesce(arrival_at, departure_at)) AS first FROM matched_visits',
  );
  expect(Date.parse(row!.first as string)).toBeGreaterThan(START + 500_000);
});

it('who was counted by such a clock is of no stop visit, by that reason', async () => {
  const count = { kind: 'passenger-count', vehicleId: 'bus', door: 1, boarded: 2, alighted: 1 };
  const lake = await matched([
    ...ride(
      (s) => s - 3_600,
      (s) => s + 2,
    ),
    { ...count, observedAt: at(125 - 3_600), receivedAt: at(127) },
  ]);
  expect(
    await lake.rows('SELECT side, passengers, reason, trip_id FROM matched_counts ORDER BY side'),
  ).toEqual([
    { side: 'alighting', passengers: 1, reason: 'clock-behind', trip_id: null },
    { side: 'boarding', passengers: 2, reason: 'clock-behind', trip_id: null },
  ]);
});
