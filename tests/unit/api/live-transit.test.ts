import { expect, it } from 'vitest';
import { cityClock } from '#apps/api/city-clock.ts';
import { countedDay, surveyVisits } from '#apps/api/live-transit.ts';
import { transitSection } from '#apps/api/transit-section.ts';
import { MINUTE_MS } from '#domain/instant.ts';

const EIGHT = Date.parse('2026-05-04T08:00:00Z');
const at = (minute: number) => new Date(EIGHT + minute * MINUTE_MS).toISOString();

/** A visit as it is told; minutes after eight. */
function told(trip: string, stop: string, left: number, due: number | null, more: object = {}): string {
  return JSON.stringify({
    date: '2026-05-04',
    route_id: '12',
    direction_id: 0,
    trip_id: trip,
    vehicle_id: `bus ${trip}`,
    position: stop.charCodeAt(0),
    stop_id: stop,
    is_last: false,
    arrival_at: at(left - 0.5),
    departure_at: at(left),
    scheduled_arrival_at: due === null ? null : at(due - 0.5),
    scheduled_departure_at: due === null ? null : at(due),
    withdrawn: false,
    ...more,
  });
}

it('counts vehicles by their latest stop, and says how they follow one another there', () => {
  const survey = surveyVisits(
    [
      told('a', 'A', 0, 0),
      told('a', 'B', 8, 2),
      told('b', 'A', 10, 10),
      told('b', 'B', 11.5, 12),
      // Of another route, on time; of a third, half an hour ago.
      told('c', 'A', 9, 8.5, { route_id: '7', direction_id: 1 }),
      told('d', 'A', -20, -20, { route_id: '9' }),
    ],
    EIGHT + 12 * MINUTE_MS,
  )!;
  expect(survey.routes).toMatchObject([
    {
      routeId: '12',
      vehicles: 2,
      early: 0,
      onTime: 1,
      late: 1,
      latest: { vehicleId: 'bus b', stopId: 'B', lateS: -30 },
      headwayS: 210,
      dueHeadwayS: 600,
    },
    {
      routeId: '7',
      directionId: 1,
      vehicles: 1,
      onTime: 1,
      medianLateS: 30,
      headwayS: null,
      dueHeadwayS: null,
    },
  ]);
  expect(survey.latest.map((v) => `${v.vehicleId} ${v.stopId}`).slice(0, 3)).toEqual([
    'bus b B',
    'bus b A',
    'bus c A',
  ]);
});

it('takes what was told last of a visit, and forgets what was withdrawn', () => {
  const lines = [
    told('a', 'A', 1, 0),
    told('a', 'A', 2, 0),
    told('b', 'A', 5, 5),
    told('b', 'A', 5, 5, { withdrawn: true }),
    '{"date": "2026-05-04", "trip',
  ];
  const survey = surveyVisits(lines, EIGHT + 6 * MINUTE_MS)!;
  expect(survey.routes).toMatchObject([{ vehicles: 1, medianLateS: 120 }]);
  expect(survey.latest).toHaveLength(1);
});

it('says how many are aboard, the mean of the vehicles that count, and of none where none does', () => {
  const lines = [
    told('a', 'A', 1, 0, { reported_load: 12 }),
    told('a', 'B', 3, 2, { reported_load: 20 }),
    told('b', 'A', 5, 5, { reported_load: 0 }),
    told('c', 'A', 5.5, 5.5, { reported_load: null }),
    told('d', 'A', 4, 4, { route_id: '7' }),
  ];
  const survey = surveyVisits(lines, EIGHT + 6 * MINUTE_MS)!;
  expect(survey.routes.map((r) => [r.routeId, r.meanLoad])).toEqual([
    ['12', 10],
    ['7', null],
  ]);
  expect(survey.latest.map((v) => v.load)).toEqual([null, 0, null, 20, 12]);
});

it('the page shows who is aboard beside who is late, and a dash where nobody counts', () => {
  const lines = [told('a', 'A', 5, 5, { reported_load: 12 }), told('d', 'A', 4, 4, { route_id: '7' })];
  const survey = surveyVisits(lines, EIGHT + 6 * MINUTE_MS)!;
  const page = transitSection({ ...survey, boardings: null }, cityClock('UTC')).markup;
  const aboard = [
    ...page.matchAll(/<td class="n">on time<\/td><td class="n">(?:<span class="soft">)?([^<]*)</g),
  ];
  // Two routes, then their two last stops.
  expect(aboard.map((m) => m[1])).toEqual(['12', '–', '12', '–']);
});

it('judges a last stop by its arrival, and an added trip by nothing', () => {
  const lines = [
    told('a', 'D', 9, 9, { is_last: true, arrival_at: at(7), scheduled_arrival_at: at(1) }),
    told('x', 'A', 8, null, { route_id: '5' }),
  ];
  const { routes } = surveyVisits(lines, EIGHT + 10 * MINUTE_MS)!;
  expect(routes.map((r) => [r.routeId, r.late, r.medianLateS])).toEqual([
    ['12', 1, 360],
    ['5', 0, null],
  ]);
});

it('says nothing where nobody was seen lately', () => {
  expect(surveyVisits([told('a', 'A', 0, 0)], EIGHT + 16 * MINUTE_MS)).toBeNull();
});

it('says of the newest service day who got on and off, at how many of its stop visits anybody counted, and of routes without counters nothing', () => {
  const sums = { since: EIGHT, visits: 10, countedVisits: 8, boardings: 31, alightings: 29 };
  const days = [
    { date: '2026-05-03', ...sums, routes: [] },
    {
      date: '2026-05-04',
      ...sums,
      routes: [
        {
          routeId: '12',
          directionId: 0,
          since: EIGHT,
          visits: 8,
          countedVisits: 8,
          boardings: 31,
          alightings: 29,
        },
        {
          routeId: '7',
          directionId: 1,
          since: EIGHT,
          visits: 2,
          countedVisits: 0,
          boardings: 0,
          alightings: 0,
        },
      ],
    },
  ];
  const boardings = countedDay(days)!;
  expect(boardings).toMatchObject({ date: '2026-05-04', countedShare: 0.8 });
  const page = transitSection({ asOf: EIGHT, routes: [], latest: [], boardings }, cityClock('UTC')).markup;
  expect(page.replaceAll(/<[^>]*>/g, '')).toContain(
    '31 got on and 29 off since 08:00service day of Mon 4 May; counted at 8 of 10 stop visits, 80.0 %',
  );
  expect(page).toContain('7<span class="soft">/1</span></td>\n<td class="n soft">–</td>');
});

it('has no passengers where nothing counts them', () => {
  const none = {
    date: '2026-05-04',
    since: EIGHT,
    visits: 10,
    countedVisits: 0,
    boardings: 0,
    alightings: 0,
    routes: [],
  };
  expect(countedDay([none])).toBe(null);
});
