import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ndjson } from '#ingest/recordings/ndjson.ts';
import { caveatNamed, sentBy } from './recorded.ts';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function open(lines: (string | object)[], device?: string) {
  const folder = await mkdtemp(join(tmpdir(), 'ndjson-'));
  folders.push(folder);
  const path = join(folder, 'day.ndjson');
  await writeFile(path, lines.map((l) => (typeof l === 'string' ? l : JSON.stringify(l))).join('\n'));
  return ndjson.open(path, device === undefined ? {} : { device });
}

const flow = (observedAt: string, more: object = {}) => ({
  kind: 'traffic-flow',
  observedAt,
  periodS: 60,
  count: 3,
  ...more,
});

test('readings that were received as one travel as one, with the time they were received', async () => {
  const receivedAt = '2024-01-01T00:02:03.5Z';
  const opened = await open([
    { deviceId: 'a', receivedAt, ...flow('2024-01-01T00:00:00Z', { lane: 1 }) },
    { deviceId: 'a', receivedAt, ...flow('2099-01-01T00:00:00Z', { lane: 2 }) },
    { deviceId: 'a', receivedAt: '2024-01-01T00:03:00Z', ...flow('2024-01-01T00:02:00Z', { lane: 1 }) },
  ]);
  const { messages } = await sentBy(opened);
  expect(messages.map((m) => [m.receivedAt, m.readings])).toEqual([
    [Date.parse(receivedAt), 2],
    [Date.parse('2024-01-01T00:03:00Z'), 1],
  ]);
  expect(JSON.parse(String(messages[0]!.payload))[0]).toEqual(flow('2024-01-01T00:00:00Z', { lane: 1 }));
  expect(opened.registry.installations).toEqual([{ deviceId: 'a', siteId: 'a', periodS: 60, lanes: [1, 2] }]);
});

test('without it a reading is received when its interval ends, an hour of them together', async () => {
  const opened = await open(
    Array.from({ length: 90 }, (_, i) =>
      flow(new Date(Date.parse('2024-01-01T00:00:00Z') + i * 60_000).toISOString()),
    ),
    'b',
  );
  const { messages } = await sentBy(opened);
  expect(messages.map((m) => [m.deviceId, new Date(m.receivedAt).toISOString(), m.readings])).toEqual([
    ['b', '2024-01-01T01:00:00.000Z', 60],
    ['b', '2024-01-01T01:30:00.000Z', 30],
  ]);
});

test('a reading of no kind or time is sent as it is; a line that no device can have said is named', async () => {
  const opened = await open([
    { deviceId: 'a', ...flow('2024-01-01T00:00:00Z') },
    { deviceId: 'a', kind: 'weather', observedAt: 'today' },
    'not json',
    '[1]',
    { deviceId: 'a/b', ...flow('2024-01-01T00:00:00Z') },
    { ...flow('2024-01-01T00:00:00Z') },
    '',
  ]);
  const { readings } = await sentBy(opened);
  expect(readings.map((r) => r.kind)).toEqual(['traffic-flow', 'weather']);
  expect(caveatNamed(opened, 'unreadable-line')).toMatchObject({
    count: 4,
    examples: [
      'line 3: no JSON: not json',
      'line 4: no JSON object',
      'line 5: deviceId is "a/b"',
      expect.stringContaining('line 6'),
    ],
  });
});

test('a file without one usable line is refused', async () => {
  await expect(open(['nothing'])).rejects.toThrow(/holds no reading that can be sent/);
});
