import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type TestContext, test } from 'vitest';
import { openDataDirectory } from '#apps/data-directory.ts';
import { ledgerSum } from '#apps/ledger-sum.ts';
import { startPipeline } from '#apps/pipeline.ts';
import { headway, headwayJson } from './headway.ts';
import { reading, sendAs, testCity, testConfig } from './test-city.ts';

async function folder(context: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'headway-'));
  context.onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

const csv = `site_id,name,road,direction,lanes,speed_limit_kmh,lat,lon
12,High Street north,High Street,N,2,50,51.5,-0.1
13,High Street south,High Street,S,2,50,0,0
`;

test('a network goes in once, its problems named by row, and what changes keeps both its times', async (context) => {
  const path = await folder(context);
  const file = join(path, 'sites.csv');
  const data = join(path, 'data');
  await writeFile(file, csv);

  const homeless = await headway(data, 'network', 'import', file);
  expect(homeless.code).toBe(2);
  expect(homeless.stderr).toContain('--city NAME --timezone ZONE');

  const tried = await headway(
    data,
    'network',
    'import',
    file,
    '--city',
    'Testham',
    '--timezone',
    'Europe/London',
    '--dry-run',
  );
  expect(tried.stderr).toContain('nothing was changed');
  const first = await headway(
    data,
    'network',
    'import',
    file,
    '--city',
    'Testham',
    '--timezone',
    'Europe/London',
    '--format',
    'json',
  );
  expect(first.code).toBe(1);
  expect(first.stderr).toBe('row 3: site 13 has no position: coordinates 0, 0\n');
  expect(JSON.parse(first.stdout)).toEqual([{ added: 2, changed: 0, unchanged: 0, removed: 0, problems: 1 }]);

  const again = await headway(data, 'network', 'import', file, '--format', 'csv');
  expect(again.stdout).toBe('added,changed,unchanged,removed,problems\n0,0,2,0,1\n');

  await writeFile(file, csv.replace(',50,51.5', ',30,51.5'));
  await headway(data, 'network', 'import', file, '--from', '2026-03-29T03:00');
  const history = await headwayJson(data, 'network', 'list', '--kind', 'site', '--history');
  expect(history.map((r) => [r.id, r.speed_limit_kmh, r.valid_from, r.valid_to])).toEqual([
    ['12', 50, null, '2026-03-29T03:00:00+01:00'],
    ['12', 30, '2026-03-29T03:00:00+01:00', null],
    ['13', 50, null, null],
  ]);
  const before = await headwayJson(data, 'network', 'list', '--at', '2026-03-28');
  expect(before.map((r) => [r.id, r.speed_limit_kmh])).toEqual([
    ['12', 50],
    ['13', 50],
  ]);
  const impossible = await headway(data, 'network', 'list', '--at', '2026-03-29T01:30');
  expect(impossible.stderr).toContain('2026-03-29T01:30 never was in Europe/London');
});

test('a registered device is let in with the credential that was printed once, and a retired one is not', async (context) => {
  const path = await folder(context);
  const file = join(path, 'sites.csv');
  const directory = join(path, 'data');
  await writeFile(file, csv);
  await headway(directory, 'network', 'import', file, '--city', 'Testham', '--timezone', 'Europe/London');

  const lost = await headway(directory, 'device', 'register', 'loop-1', '--site', '21');
  expect(lost.code).toBe(1);
  expect(lost.stderr).toContain('there is no site 21');
  const [credential] = await headwayJson<{ key: string }[]>(
    directory,
    'device',
    'register',
    'loop-1',
    '--site',
    '12',
    '--period',
    '1min',
    '--lanes',
    '1,2',
  );
  expect(Buffer.from(credential!.key, 'base64')).toHaveLength(32);

  const data = openDataDirectory(directory);
  context.onTestFinished(() => data.close());
  const pipeline = await startPipeline(testConfig(), data, { ephemeral: true });
  try {
    const minute = Math.floor(Date.now() / 60_000) * 60_000;
    await sendAs('loop-1', credential!.key, pipeline.gateway.port, [reading(minute, 0, { lane: 1 })]);
    await pipeline.processed();
    expect(await ledgerSum(data)).toMatchObject({ received: 1, counted: 1 });

    const listed = await headwayJson(directory, 'device', 'list');
    expect(listed).toMatchObject([
      {
        device_id: 'loop-1',
        site_id: '12',
        site: 'High Street north',
        domain: 'live',
        period_s: 60,
        lanes: '1,2',
      },
    ]);
    expect(Date.parse(listed[0]!.last_observed as string)).toBe(minute);
    expect(JSON.stringify(listed)).not.toContain(credential!.key);

    const [renewed] = await headwayJson<{ key: string }[]>(directory, 'device', 'rekey', 'loop-1');
    await pipeline.refreshDevices();
    await expect(sendAs('loop-1', credential!.key, pipeline.gateway.port, [])).rejects.toThrow();
    await sendAs('loop-1', renewed!.key, pipeline.gateway.port, []);

    expect((await headway(directory, 'device', 'retire', 'loop-1')).code).toBe(0);
    await pipeline.refreshDevices();
    await expect(sendAs('loop-1', renewed!.key, pipeline.gateway.port, [])).rejects.toThrow();
    expect(await headwayJson(directory, 'device', 'list')).toEqual([]);
  } finally {
    await pipeline.stop();
  }
});

test('the connection string that is printed lets the real Azure IoT device client in', async (context) => {
  const data = await testCity(context);
  const pipeline = await startPipeline(testConfig(), data);
  try {
    const [credential] = await headwayJson<{ connectionString: string }[]>(
      data.path,
      'device',
      'register',
      'azure-1',
      '--site',
      '12',
    );
    const { Client, Message } = await import('azure-iot-device');
    const { Mqtt } = await import('azure-iot-device-mqtt');
    const client = Client.fromConnectionString(credential!.connectionString, Mqtt);
    await client.setOptions({ ca: await readFile(join(data.certificatesPath, 'ca.pem'), 'utf8') });
    await pipeline.refreshDevices();
    await client.open();
    const minute = Math.floor(Date.now() / 60_000) * 60_000;
    await client.sendEvent(new Message(JSON.stringify(reading(minute, 0))));
    await client.close();
    await pipeline.processed();
    expect(await ledgerSum(data)).toMatchObject({ received: 1, counted: 1 });
  } finally {
    await pipeline.stop();
  }
});
