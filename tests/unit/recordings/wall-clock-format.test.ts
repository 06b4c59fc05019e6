import { expect, test } from 'vitest';
import { wallClockReader } from '#ingest/recordings/wall-clock-format.ts';

const read = (pattern: string, text: string) => {
  const wallMs = wallClockReader(pattern)(text);
  return wallMs === undefined ? undefined : new Date(wallMs).toISOString().slice(0, 23);
};

test.each([
  ['MM/dd/yyyy hh:mm:ss a', '10/02/2012 12:00:00 AM', '2012-10-02T00:00:00.000'],
  ['MM/dd/yyyy hh:mm:ss a', '10/02/2012 12:30:00 PM', '2012-10-02T12:30:00.000'],
  ['MM/dd/yyyy hh:mm:ss a', '10/02/2012 01:00:00 pm', '2012-10-02T13:00:00.000'],
  ['dd/MM/yyyy H:mm', '04/03/2016 0:05', '2016-03-04T00:05:00.000'],
  ['d/M/yy', '1/10/06', '2006-10-01T00:00:00.000'],
  ['d/M/yy', '1/10/70', '1970-10-01T00:00:00.000'],
  ['yyyy-MM-dd HH:mm:ss.SSS', '2024-05-13 15:01:41.5', '2024-05-13T15:01:41.500'],
  ["yyyy-MM-dd'T'HH:mm", '2024-02-29T07:08', '2024-02-29T07:08:00.000'],
  ['d MMM yyyy', '3 Sep 2020', '2020-09-03T00:00:00.000'],
  ['yyyyMMdd HH:mm', '20240101 24:00', '2024-01-02T00:00:00.000'],
])('%s reads %s', (pattern, text, expected) => {
  expect(read(pattern, text)).toBe(expected);
});

test.each([
  ['yyyy-MM-dd HH:mm', '2023-02-29 00:00'],
  ['yyyy-MM-dd HH:mm', '2023-13-01 00:00'],
  ['yyyy-MM-dd HH:mm', '2023-01-01 24:01'],
  ['yyyy-MM-dd HH:mm', '2023-01-01 00:60'],
  ['yyyy-MM-dd HH:mm', '2023-01-01 00:00:00'],
  ['yyyy-MM-dd hh:mm a', '2023-01-01 13:00 PM'],
  ['d MMM yyyy', '3 Okt 2020'],
  ['yyyy-MM-dd', ''],
])('%s does not take %j', (pattern, text) => {
  expect(read(pattern, text)).toBeUndefined();
});

test('a pattern without a day is refused', () => {
  expect(() => wallClockReader('yyyy-MM HH:mm')).toThrow(RangeError);
});
