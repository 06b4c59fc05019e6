import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cityTime } from '#domain/city-time.ts';
import { MINUTE_MS, parseInstant } from '#domain/instant.ts';

const zones = [
  'UTC',
  'America/Los_Angeles',
  'America/New_York',
  'America/St_Johns',
  'America/Sao_Paulo',
  'Europe/London',
  'Europe/Helsinki',
  'Europe/Dublin',
  'Africa/Casablanca',
  'Africa/Monrovia',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Asia/Tehran',
  'Asia/Gaza',
  'Australia/Melbourne',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Kwajalein',
  'Pacific/Chatham',
  'Antarctica/Troll',
] as const;
const cities = new Map(zones.map((zone) => [zone, cityTime(zone)]));
const printers = new Map(
  zones.map((zone) => [
    zone,
    new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }),
  ]),
);

/** What the runtime's own formatter prints at a moment, `2012-03-01 08:00:00`: the independent truth. */
const printed = (zone: (typeof zones)[number], at: number) => printers.get(zone)!.format(at);
const digits = (wallMs: number) => new Date(wallMs).toISOString().slice(0, 19).replace('T', ' ');

const zone = fc.constantFrom(...zones);
const second = (from: string, to: string) =>
  fc.integer({ min: Date.parse(from) / 1_000, max: Date.parse(to) / 1_000 }).map((s) => s * 1_000);
const modern = second('1971-01-01T00:00:00Z', '2037-12-31T00:00:00Z');
const historical = second('1850-01-01T00:00:00Z', '1971-01-01T00:00:00Z');

describe('city time agrees with Intl', () => {
  for (const [name, moment] of [
    ['since 1971', modern],
    ['from 1850 to 1971, with odd offsets of seconds', historical],
  ] as const) {
    test(`the wall clock at a moment, ${name}`, () => {
      fc.assert(
        fc.property(zone, moment, (z, at) => {
          expect(digits(at + cities.get(z)!.offsetAt(at))).toBe(printed(z, at));
        }),
        { numRuns: 2_000 },
      );
    });

    test(`the moment that a wall clock names is among its meanings, ${name}`, () => {
      fc.assert(
        fc.property(zone, moment, (z, at) => {
          const city = cities.get(z)!;
          const meaning = city.meaningOfMs(at + city.offsetAt(at));
          if (meaning.type === 'once') expect(meaning.at).toBe(at);
          else {
            expect(meaning.type).toBe('twice');
            expect(meaning.type === 'twice' && [meaning.first, meaning.second]).toContain(at);
          }
        }),
        { numRuns: 2_000 },
      );
    });
  }

  test('a wall clock near a shift happens as often as a search through all its moments finds it', () => {
    const shifts = zones.flatMap((z) => shiftsOf(z, '2006-01-01T00:00:00Z', '2014-01-01T00:00:00Z'));
    expect(shifts.length).toBeGreaterThan(150);
    fc.assert(
      fc.property(
        fc.constantFrom(...shifts),
        fc.integer({ min: -180, max: 180 }),
        ({ zone: z, at }, minutes) => {
          const city = cities.get(z)!;
          const wallMs = at + city.offsetAt(at) + minutes * MINUTE_MS;
          const found: number[] = [];
          for (let m = -30 * 60; m <= 30 * 60; m += 15) {
            const moment = wallMs + m * MINUTE_MS;
            if (printed(z, moment) === digits(wallMs)) found.push(moment);
          }
          const meaning = city.meaningOfMs(wallMs);
          const said =
            meaning.type === 'once'
              ? [meaning.at]
              : meaning.type === 'twice'
                ? [meaning.first, meaning.second]
                : [];
          expect(said).toEqual(found);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('a printed moment reads back as itself', () => {
    fc.assert(
      fc.property(zone, fc.oneof(modern, historical), (z, at) => {
        expect(parseInstant(cities.get(z)!.format(at))).toBe(at);
      }),
      { numRuns: 2_000 },
    );
  });
});

/** The quarter hours at which a zone's clock is set, by stepping through all of them as Intl prints them. */
function shiftsOf(z: (typeof zones)[number], from: string, to: string) {
  const found: { zone: (typeof zones)[number]; at: number }[] = [];
  const city = cities.get(z)!;
  const hour = 60 * MINUTE_MS;
  for (let at = Date.parse(from); at < Date.parse(to); at += 24 * hour) {
    if (city.offsetAt(at) === city.offsetAt(at + 24 * hour)) continue;
    for (let q = at; q < at + 24 * hour; q += 15 * MINUTE_MS) {
      if (city.offsetAt(q) !== city.offsetAt(q + 15 * MINUTE_MS))
        found.push({ zone: z, at: q + 15 * MINUTE_MS });
    }
  }
  return found;
}
