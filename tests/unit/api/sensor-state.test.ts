import { expect, test } from 'vitest';
import { judgeSensor, type SensorFacts } from '#apps/api/sensor-state.ts';
import { HOUR_MS, MINUTE_MS } from '#domain/instant.ts';

const now = Date.UTC(2026, 6, 1, 10, 30);
const since = Date.UTC(2026, 6, 1, 9, 0);

/** One reading a minute, all there: 87 intervals from 9:00 ended 3 minutes before 10:30. */
const well: SensorFacts = {
  now,
  since,
  isLive: true,
  installation: { periodS: 60 },
  installedFrom: 0,
  lastObservedAt: now - 2 * MINUTE_MS,
  recent: { received: 89, countedSince: 89, rejected: 0, quarantined: 0, reason: '' },
};

test('a sensor that sends what it should is ok, and what is due is counted to the minute', () => {
  expect(judgeSensor(well)).toEqual({ state: 'ok', expected: 87, observedShare: 1 });
});

test('each lane and direction is due by itself', () => {
  const installation = { periodS: 60, lanes: [1, 2], directions: ['N', 'S'] };
  expect(judgeSensor({ ...well, installation })).toMatchObject({ expected: 4 * 87, state: 'gaps' });
});

test('nothing is due from before a sensor stood there', () => {
  expect(judgeSensor({ ...well, installedFrom: now - 13 * MINUTE_MS })).toMatchObject({ expected: 10 });
});

test.each([
  [4, 'ok'],
  [5, 'late'],
  [31, 'late'],
  [32, 'silent'],
])('a sensor of one minute whose last reading began %i minutes ago is %s', (minutes, state) => {
  expect(judgeSensor({ ...well, lastObservedAt: now - minutes * MINUTE_MS }).state).toBe(state);
});

test('an hourly counter is not late within the hour', () => {
  const hourly = { ...well, installation: { periodS: 3_600 }, lastObservedAt: now - 2 * HOUR_MS };
  expect(judgeSensor(hourly)).toMatchObject({ state: 'ok', expected: 0, observedShare: null });
});

test('a sensor whose readings are all quarantined has a wrong clock, however old its last good reading', () => {
  const recent = { ...well.recent, countedSince: 0, quarantined: 89, reason: 'ahead' };
  expect(judgeSensor({ ...well, lastObservedAt: null, recent }).state).toBe('clock');
});

test('a tenth refused is worth looking at, less is not', () => {
  const refused = (rejected: number) => ({
    ...well,
    recent: { received: 100, countedSince: 100 - rejected, rejected, quarantined: 0, reason: 'impossible' },
  });
  expect(judgeSensor(refused(10)).state).toBe('rejected');
  expect(judgeSensor(refused(9)).state).toBe('ok');
});

test('a sensor never heard of, one that stands nowhere and one of a recording are called so', () => {
  const nothing = { received: 0, countedSince: 0, rejected: 0, quarantined: 0, reason: '' };
  expect(judgeSensor({ ...well, lastObservedAt: undefined, recent: nothing }).state).toBe('never heard');
  expect(judgeSensor({ ...well, installation: undefined, recent: nothing }).state).toBe('not installed');
  expect(judgeSensor({ ...well, isLive: false })).toEqual({
    state: 'recorded',
    expected: null,
    observedShare: null,
  });
});

test('a sensor of events promises no period: it is silent after a day without one', () => {
  const events = { ...well, installation: {} };
  expect(judgeSensor({ ...events, lastObservedAt: now - 23 * HOUR_MS }).state).toBe('ok');
  expect(judgeSensor({ ...events, lastObservedAt: now - 25 * HOUR_MS }).state).toBe('silent');
});
