import { describe, expect, test } from 'vitest';
import { cityTime, type WallClock } from '#domain/city-time.ts';
import { parseInstant } from '#domain/instant.ts';

const wall = (text: string): WallClock => {
  const [year, month, day, hour, minute] = text.split(/[- :]/).map(Number);
  return { year: year!, month: month!, day: day!, hour: hour!, minute: minute! };
};
const at = (text: string) => parseInstant(text)!;

describe('clock changes, by the published rules of each place', () => {
  test('Seattle has no 02:30 on 10 March 2013', () => {
    expect(cityTime('America/Los_Angeles').meaningOf(wall('2013-03-10 02:30'))).toEqual({
      type: 'impossible',
    });
  });

  test('Seattle has two 01:00 on 3 November 2013, an hour apart', () => {
    expect(cityTime('America/Los_Angeles').meaningOf(wall('2013-11-03 01:00'))).toEqual({
      type: 'twice',
      first: at('2013-11-03T01:00:00-07:00'),
      second: at('2013-11-03T01:00:00-08:00'),
    });
  });

  test('London has no 01:59 on 31 March 2013, and 02:00 is British summer time', () => {
    const london = cityTime('Europe/London');
    expect(london.meaningOf(wall('2013-03-31 01:59')).type).toBe('impossible');
    expect(london.meaningOf(wall('2013-03-31 02:00'))).toEqual({
      type: 'once',
      at: at('2013-03-31T02:00:00+01:00'),
    });
  });

  test('Melbourne in 2006 stayed on standard time until 29 October', () => {
    const melbourne = cityTime('Australia/Melbourne');
    expect(melbourne.meaningOf(wall('2006-10-21 23:45'))).toEqual({
      type: 'once',
      at: at('2006-10-21T13:45:00Z'),
    });
    expect(melbourne.meaningOf(wall('2006-10-29 02:15')).type).toBe('impossible');
    expect(melbourne.meaningOf(wall('2006-10-29 03:00'))).toEqual({
      type: 'once',
      at: at('2006-10-28T16:00:00Z'),
    });
  });

  test('Lord Howe moves by half an hour', () => {
    const lordHowe = cityTime('Australia/Lord_Howe');
    expect(lordHowe.meaningOf(wall('2024-04-07 01:29')).type).toBe('once');
    expect(lordHowe.meaningOf(wall('2024-04-07 01:30'))).toEqual({
      type: 'twice',
      first: at('2024-04-07T01:30:00+11:00'),
      second: at('2024-04-07T01:30:00+10:30'),
    });
    expect(lordHowe.meaningOf(wall('2024-10-06 02:15')).type).toBe('impossible');
    expect(lordHowe.meaningOf(wall('2024-10-06 02:30')).type).toBe('once');
  });

  test('Samoa left out 30 December 2011', () => {
    const apia = cityTime('Pacific/Apia');
    expect(apia.meaningOf(wall('2011-12-30 12:00')).type).toBe('impossible');
    expect(apia.meaningOf(wall('2011-12-29 23:59'))).toEqual({
      type: 'once',
      at: at('2011-12-30T09:59:00Z'),
    });
    expect(apia.meaningOf(wall('2011-12-31 00:00'))).toEqual({
      type: 'once',
      at: at('2011-12-30T10:00:00Z'),
    });
    expect(apia.dateOf(at('2011-12-30T09:59:59Z'))).toBe('2011-12-29');
    expect(apia.dateOf(at('2011-12-30T10:00:00Z'))).toBe('2011-12-31');
  });

  test('Kwajalein left out 21 August 1993', () => {
    expect(cityTime('Pacific/Kwajalein').meaningOf(wall('1993-08-21 08:00')).type).toBe('impossible');
  });

  test('Liberia moved by 44 min 30 s on 7 January 1972, inside a quarter hour', () => {
    const monrovia = cityTime('Africa/Monrovia');
    expect(monrovia.offsetAt(at('1972-01-07T00:44:29Z'))).toBe(-(44 * 60 + 30) * 1_000);
    expect(monrovia.offsetAt(at('1972-01-07T00:44:30Z'))).toBe(0);
  });
});

test('a moment is printed with its offset', () => {
  expect(cityTime('America/Los_Angeles').format(at('2012-03-01T16:00:00Z'))).toBe(
    '2012-03-01T08:00:00-08:00',
  );
  expect(cityTime('Asia/Kathmandu').format(at('2012-03-01T16:00:00Z'))).toBe('2012-03-01T21:45:00+05:45');
});

test('an unknown zone is refused', () => {
  expect(() => cityTime('Mars/Olympus')).toThrow(RangeError);
});
