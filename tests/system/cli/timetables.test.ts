import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FeedText, smallFeed } from '../../unit/gtfs/small-feed.ts';
import { headway, headwayJson } from './headway.ts';

const directory = mkdtempSync(join(tmpdir(), 'headway-'));
const data = join(directory, 'city');
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function imported(name: string, feed: FeedText, ...flags: string[]) {
  const folder = join(directory, name);
  mkdirSync(folder);
  for (const [file, text] of Object.entries(feed)) {
    if (text !== undefined) writeFileSync(join(folder, `${file}.txt`), text);
  }
  return headway(data, 'gtfs', 'import', folder, ...flags);
}

beforeAll(async () => {
  expect((await imported('spring', smallFeed)).code).toBe(0);
  // From 20 May on: B is called Bravo, C lies 200 m further north, E is new, and a second trip runs at 09:00 on weekdays.
  const summer = {
    ...smallFeed,
    routes: `${smallFeed.routes}n,a,2,Two,3\n`,
    stops: `${smallFeed.stops.replace('Beta', 'Bravo').replace('C,Gamma,0,', 'C,Gamma,0.0017986,')}E,Epsilon,0,1.036\n`,
    trips: `${smallFeed.trips}r,week,t2,0,s\nn,week,n1,0,\n`,
    stop_times: `${smallFeed.stop_times}t2,09:00:00,09:00:00,A,1\nt2,09:06:00,09:06:00,D,2\nn1,10:00:00,10:00:00,D,1\nn1,10:02:00,10:02:00,E,2\n`,
  };
  expect((await imported('summer', summer, '--from', '2024-05-20')).code).toBe(0);
});

test('every version is listed with the day from which it holds', async () => {
  expect(await headwayJson(data, 'gtfs', 'list')).toMatchObject([
    { version: 'city/1', from: '2024-05-01', trips: 1, routes: 1, stops: 4, source: 'spring' },
    { version: 'city/2', from: '2024-05-20', trips: 3, routes: 2, stops: 5, source: 'summer' },
  ]);
});

test('the same files again make no third version', async () => {
  const again = await headway(data, 'gtfs', 'import', join(directory, 'summer'), '--from', '2024-05-20');
  expect([again.code, (await headwayJson(data, 'gtfs', 'list')).length]).toEqual([0, 2]);
});

test('the difference of two versions is what was added, moved, renamed, and run more often', async () => {
  expect(await headwayJson(data, 'gtfs', 'diff', 'city/1', 'city/2')).toEqual([
    { what: 'route', change: 'added', id: 'n', detail: '2 Two' },
    {
      what: 'service',
      change: 'added',
      id: 'n 0 weekday',
      detail: '0 -> 1 trips a day, none -> 10:00-10:00',
    },
    {
      what: 'service',
      change: 'changed',
      id: 'r 0 weekday',
      detail: '1 -> 2 trips a day, 08:00-08:00 -> 08:00-09:00',
    },
    { what: 'stop', change: 'added', id: 'E', detail: 'Epsilon' },
    { what: 'stop', change: 'moved', id: 'C', detail: 'Gamma, 200 m' },
    { what: 'stop', change: 'renamed', id: 'B', detail: 'Beta -> Bravo' },
  ]);
  expect(await headwayJson(data, 'gtfs', 'diff', 'city/2', 'city/2')).toEqual([]);
});

test('a version that there is not is named beside those that there are', async () => {
  const missing = await headway(data, 'gtfs', 'diff', 'city/1', 'city/9');
  expect(missing.code).toBe(2);
  expect(missing.stderr).toContain('there is no version city/9');
  expect(missing.stderr).toContain('city/1, city/2');
});

test('an import says from when its version holds, what it replaces, and which past dates change', async () => {
  const autumn = {
    ...smallFeed,
    calendar: smallFeed.calendar.replace('20240531', `${new Date().getUTCFullYear() + 1}1231`),
  };
  const usual = await imported('autumn', autumn);
  expect(usual.stderr).toMatch(/imported city\/3: holds from 20\d\d-/);
  expect(usual.stderr).toMatch(/it takes the place of city\/2 from 20\d\d-\d\d-\d\d on/);
  expect(usual.stderr).toContain('its calendar begins on 2024-05-01, but dates before');
  expect(usual.stderr).not.toContain('warning');
  const asked = await headway(data, 'gtfs', 'import', join(directory, 'autumn'), '--from', '2024-05-10');
  expect(asked.stderr).toContain('from 2024-05-10 on, until 2024-05-20, when city/2 does');
  expect(asked.stderr).toContain(
    'warning: 2024-05-10 to 2024-05-19 (0 matched) had city/1 and have city/4 from now on',
  );
});
