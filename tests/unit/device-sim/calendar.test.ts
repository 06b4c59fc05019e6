import { expect, test } from 'vitest';
import { calendar } from '#device-sim/traffic/calendar.ts';
import { parseInstant } from '#domain/instant.ts';

const at = (text: string) => parseInstant(text)!;
const london = calendar('Europe/London');

test('the bank holidays of 2026 are those the government lists, but for substitutes', () => {
  const found: string[] = [];
  for (let day = at('2026-01-01T12:00:00Z'); day < at('2027-01-01T00:00:00Z'); day += 86_400_000) {
    if (london.dayOf(day).type === 'holiday') found.push(london.dayOf(day).date);
  }
  expect(found).toEqual([
    '2026-01-01',
    '2026-04-03',
    '2026-04-06',
    '2026-05-04',
    '2026-05-25',
    '2026-08-31',
    '2026-12-25',
    '2026-12-26',
  ]);
});

test('a given list of holidays is the only one', () => {
  const own = calendar('Europe/London', ['2026-07-14']);
  expect(own.dayOf(at('2026-07-14T12:00:00Z')).type).toBe('holiday');
  expect(own.dayOf(at('2026-05-25T12:00:00Z')).type).toBe('weekday');
});

test('the day begins at local midnight, in summer an hour before the UTC one', () => {
  expect(london.dayOf(at('2026-07-01T22:59:00Z')).date).toBe('2026-07-01');
  expect(london.dayOf(at('2026-07-01T23:00:00Z')).date).toBe('2026-07-02');
  expect(london.minuteOfDay(at('2026-07-01T23:00:00Z'))).toBe(0);
});

test('on the day clocks go back the second 01:30 is 01:30 again, and the day has 25 hours', () => {
  expect(london.minuteOfDay(at('2026-10-25T00:30:00Z'))).toBe(90);
  expect(london.minuteOfDay(at('2026-10-25T01:30:00Z'))).toBe(90);
  const { number } = london.dayOf(at('2026-10-25T12:00:00Z'));
  expect(london.instantOf(number + 1, 0) - london.instantOf(number, 0)).toBe(25 * 3_600_000);
});

test('a time that the wall clock skips counts as the hour after', () => {
  const { number } = london.dayOf(at('2026-03-29T12:00:00Z'));
  expect(london.instantOf(number, 90)).toBe(at('2026-03-29T01:30:00Z'));
});

test('the model day starts at 04:00 by the wall clock in winter and in summer', () => {
  expect(london.modelDayStart(at('2026-01-15T03:59:00Z'))).toBe(at('2026-01-14T04:00:00Z'));
  expect(london.modelDayStart(at('2026-01-15T04:00:00Z'))).toBe(at('2026-01-15T04:00:00Z'));
  expect(london.modelDayStart(at('2026-07-15T03:30:00Z'))).toBe(at('2026-07-15T03:00:00Z'));
});
