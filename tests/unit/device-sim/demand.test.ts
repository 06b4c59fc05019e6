import { expect, test } from 'vitest';
import { type CityDay, calendar } from '#device-sim/traffic/calendar.ts';
import { demandShare, truckShare } from '#device-sim/traffic/demand.ts';
import { parseInstant } from '#domain/instant.ts';

const london = calendar('Europe/London');
const dayOf = (date: string): CityDay => london.dayOf(parseInstant(`${date}T12:00:00Z`)!);
const inbound = { morning: 0.45, evening: 0.12 };
const hours = (day: CityDay) =>
  Array.from({ length: 24 }, (_, h) => {
    let sum = 0;
    for (let m = 0; m < 60; m++) sum += demandShare(day, h * 60 + m, inbound);
    return sum / 60;
  });
const busiest = (values: number[], from: number, to: number) =>
  values.slice(from, to).reduce((best, v, i) => (v > values[best]! ? from + i : best), from);

test('a weekday has two peaks with a saddle between them, and a quiet night', () => {
  const profile = hours(dayOf('2026-10-13'));
  expect(busiest(profile, 0, 12)).toBe(7);
  expect([16, 17]).toContain(busiest(profile, 12, 24));
  expect(profile[12]!).toBeLessThan(profile[7]! * 0.7);
  expect(profile[3]!).toBeLessThan(profile[7]! * 0.1);
});

test('Saturdays and Sundays have one peak, around midday and in the afternoon', () => {
  const saturday = hours(dayOf('2026-10-17'));
  const sunday = hours(dayOf('2026-10-18'));
  expect(busiest(saturday, 0, 24)).toBeGreaterThanOrEqual(11);
  expect(busiest(saturday, 0, 24)).toBeLessThanOrEqual(15);
  expect(busiest(sunday, 0, 24)).toBeGreaterThanOrEqual(13);
  expect(sunday[8]!).toBeLessThan(saturday[8]!);
});

test('a holiday in the week is like a Sunday', () => {
  const springHoliday = dayOf('2026-05-25');
  expect(springHoliday.type).toBe('holiday');
  expect(demandShare(springHoliday, 470, inbound)).toBeLessThan(
    demandShare(dayOf('2026-06-01'), 470, inbound) * 0.4,
  );
});

test('summer leisure traffic is heavier than winter, the October peak hardly differs from the June one', () => {
  const midday = (date: string) => demandShare(dayOf(date), 12 * 60, inbound);
  const peak = (date: string) => demandShare(dayOf(date), 465, inbound);
  expect(midday('2026-07-14') / midday('2026-01-13')).toBeGreaterThan(1.08);
  expect(peak('2026-06-16') / peak('2026-10-13')).toBeCloseTo(1, 2);
  expect(peak('2026-08-11') / peak('2026-07-14')).toBeLessThan(0.98);
});

test('trucks are a larger share by night than by day, and rare at weekends', () => {
  const weekday = dayOf('2026-10-13');
  const noon = truckShare(weekday, 12 * 60, 'freeway');
  const night = truckShare(weekday, 2 * 60, 'freeway');
  expect(noon).toBeGreaterThan(0.05);
  expect(noon).toBeLessThan(0.12);
  expect(night).toBeGreaterThan(0.18);
  expect(truckShare(dayOf('2026-10-18'), 12 * 60, 'freeway')).toBeLessThan(noon * 0.6);
});
