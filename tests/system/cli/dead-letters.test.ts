import { rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { startApi } from '#apps/api/start-api.ts';
import type { DataDirectory } from '#apps/data-directory.ts';
import { payloadsAt } from '#apps/dead-letter-payloads.ts';
import { listDeadLetters } from '#apps/dead-letters.ts';
import { refreshLake } from '#apps/lake-session.ts';
import { ledgerSum } from '#apps/ledger-sum.ts';
import { startPipeline } from '#apps/pipeline.ts';
import { formatInstant, MINUTE_MS } from '#domain/instant.ts';
import { headway, headwayJson } from './headway.ts';
import { key, reading, sendAs, testCity, testConfig, twoHoursAgo } from './test-city.ts';

const from = twoHoursAgo();

/** Ten readings of a device that stands nowhere, five in an array; one that can not be; one that is no JSON. */
const payloads = [
  ...[0, 1, 2, 3, 4].map((minute) => reading(from, minute)),
  [5, 6, 7, 8, 9].map((minute) => reading(from, minute)),
  reading(from, 10, { speedKmh: 5_000 }),
  '{"kind": "traffic-flow", ',
];

async function sendThenStop(data: DataDirectory): Promise<void> {
  const pipeline = await startPipeline(testConfig(), data, { ephemeral: true });
  try {
    await sendAs('loop-1', key, pipeline.gateway.port, payloads);
    await pipeline.processed();
  } finally {
    await pipeline.stop();
  }
}

function windowsOf(data: DataDirectory): { start_at: number; figures: string; reason: string }[] {
  return data.db.prepare('SELECT start_at, figures, reason FROM windows ORDER BY start_at').all() as never;
}

test('what was refused for want of an installation counts once the device is installed and readmitted', async (context) => {
  const data = await testCity(context);
  await sendThenStop(data);
  const before = await ledgerSum(data);
  expect(before).toMatchObject({ received: 12, counted: 0, rejected: 12 });
  expect(before.reasons).toEqual({ 'unknown-installation': 11, 'not-json': 1 });

  const listed = await headwayJson(data.path, 'dead-letters');
  expect(listed).toMatchObject([
    { reason: 'unknown-installation', device_id: 'loop-1', readings: 11, messages: 7 },
    { reason: 'not-json', device_id: 'loop-1', readings: 1, messages: 1 },
  ]);

  const installed = await headway(
    data.path,
    'device',
    'install',
    'loop-1',
    '--site',
    '12',
    '--period',
    '60s',
    '--from',
    formatInstant(from),
  );
  expect(installed).toMatchObject({ code: 0, stdout: '' });
  const unasked = await headway(data.path, 'dead-letters', 'readmit');
  expect(unasked.code).toBe(2);
  expect(unasked.stderr).toContain('12 readings of 1 devices would be judged again');

  const readmitted = await headwayJson(
    data.path,
    'dead-letters',
    'readmit',
    '--reason',
    'unknown-installation',
    '--yes',
  );
  expect(readmitted).toEqual([{ judged: 11, admitted: 10, remaining: 1, expired: 0 }]);
  const after = await ledgerSum(data);
  expect(after).toMatchObject({ received: 12, counted: 10, duplicate: 0, restated: 0, rejected: 2 });
  expect(after.reasons).toEqual({ impossible: 1, 'not-json': 1 });

  // Counts of minutes 0 to 4 are 10 + 11 + 12 + 13 + 14; of 5 to 9, five more each.
  const windows = windowsOf(data).map((w) => ({ ...w, figures: JSON.parse(w.figures) as unknown[] }));
  expect(windows.map((w) => [w.start_at, w.figures[0], w.figures[2]])).toEqual([
    [from, 5, 60],
    [from + 5 * MINUTE_MS, 5, 85],
  ]);

  const again = await headwayJson(data.path, 'dead-letters', 'readmit', '--yes');
  expect(again).toEqual([{ judged: 2, admitted: 0, remaining: 2, expired: 0 }]);
  expect(await ledgerSum(data)).toEqual(after);
});

test('each dead letter is shown with its place and what was sent', async (context) => {
  const data = await testCity(context);
  await sendThenStop(data);
  const shown = await headwayJson(data.path, 'dead-letters', '--payload', '--reason', 'unknown-installation');
  expect(shown).toHaveLength(11);
  expect(shown.map((r) => [r.position, r.index]).slice(4, 8)).toEqual([
    [4, 0],
    [5, 0],
    [5, 1],
    [5, 2],
  ]);
  expect(JSON.parse(shown[7]!.payload as string)).toEqual(reading(from, 7));
  const broken = await headwayJson(data.path, 'dead-letters', '--payload', '--reason', 'not-json');
  expect(broken).toMatchObject([{ position: 7, index: 0, payload: '{"kind": "traffic-flow", ' }]);
  const csv = await headway(data.path, 'dead-letters', '--device', 'nobody', '--format', 'csv');
  expect(csv).toMatchObject({
    code: 0,
    stdout: 'reason,device_id,readings,messages,first_received,last_received,detail\n',
  });
});

test('a pipeline that runs is asked over its API, and answers nobody without its token', async (context) => {
  const data = await testCity(context);
  const config = testConfig();
  const pipeline = await startPipeline(config, data, { ephemeral: true });
  const api = await startApi({ data, pipeline, config });
  try {
    await sendAs('loop-1', key, pipeline.gateway.port, payloads);
    await pipeline.processed();
    await headway(data.path, 'device', 'install', 'loop-1', '--site', '12', '--from', formatInstant(from));
    const url = `${api.url}/api/readmissions`;
    const refused = await fetch(url, { method: 'POST', body: '{}' });
    const guessed = await fetch(url, { method: 'POST', body: '{}', headers: { authorization: 'Bearer x' } });
    expect([refused.status, guessed.status]).toEqual([401, 401]);

    const readmitted = await headwayJson(data.path, 'dead-letters', 'readmit', '--device', 'loop-1', '--yes');
    expect(readmitted).toEqual([{ judged: 12, admitted: 10, remaining: 2, expired: 0 }]);
    expect(await ledgerSum(data)).toMatchObject({ received: 12, counted: 10, rejected: 2 });
  } finally {
    await api.close();
    await pipeline.stop();
  }
});

test('a payload that the log no longer has is shown from the archive', async (context) => {
  const data = await testCity(context);
  await sendThenStop(data);
  await refreshLake(data);
  await rm(data.logPath, { recursive: true });
  const [broken] = [...listDeadLetters(data.db, { reason: 'not-json' })];
  const payloads = await payloadsAt(data, [broken!]);
  expect([...payloads.values()].map((p) => Buffer.from(p).toString())).toEqual(['{"kind": "traffic-flow", ']);
});
