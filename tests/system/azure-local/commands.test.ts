import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { readConfig } from '#apps/config.ts';
import { openCity } from '#apps/data-directory.ts';
import { LIVE } from '#domain/log.ts';
import { headway } from '../cli/headway.ts';
import { reading, twoHoursAgo } from '../cli/test-city.ts';
import { temporaryDirectory } from '../gateway/temporary-directory.ts';
import { sensor } from '../recovery/run-pipeline.ts';

const root = resolve(import.meta.dirname, '../../..');
const ports = { eventHubs: 5673, cosmos: 8081, blob: 10000, iotHub: 8443, iotHubMqtts: 8884 };

test('`headway local-azure` serves what configs/azure-local.json names, and `up --config ... --once` processes against it', async (context) => {
  const directory = await temporaryDirectory(context);
  const free = Object.fromEntries(
    await Promise.all(Object.keys(ports).map(async (name) => [name, await freePort()] as const)),
  ) as typeof ports;
  // As it stands in configs, but for the ports, which may be taken here.
  const moved = (text: string): string =>
    Object.entries(ports).reduce(
      (t, [name, port]) => t.replaceAll(`:${port}`, `:${free[name as keyof typeof ports]}`),
      text,
    );
  const given = JSON.parse(moved(readFileSync(join(root, 'configs/azure-local.json'), 'utf8')));
  expect(given.cosmos.caFile).toBe('.headway/local-azure/ca.pem');
  given.cosmos.caFile = join(directory, 'local-azure/ca.pem');
  const configPath = join(directory, 'azure-local.json');
  writeFileSync(configPath, JSON.stringify(given));

  const endpoints = spawn(
    process.execPath,
    [
      ...[join(root, 'apps/cli/main.ts'), '--data', directory, 'local-azure', '--format', 'json'],
      ...['--event-hubs-port', free.eventHubs, '--cosmos-port', free.cosmos, '--blob-port', free.blob].map(
        String,
      ),
      ...['--iot-hub-port', free.iotHub, '--iot-hub-mqtts-port', free.iotHubMqtts].map(String),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const ended = once(endpoints, 'exit');
  context.onTestFinished(async () => {
    endpoints.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });
  const [printed] = (await once(endpoints.stdout, 'data')) as [Buffer];
  const strings = JSON.parse(String(printed)) as Record<string, string>;
  const namesOf = (text: string) => text.replace('localhost', '127.0.0.1').split(';').filter(Boolean).sort();
  for (const [section, variable] of [
    ['eventHubs', 'HEADWAY_EVENT_HUBS_CONNECTION_STRING'],
    ['cosmos', 'HEADWAY_COSMOS_CONNECTION_STRING'],
    ['blob', 'HEADWAY_BLOB_CONNECTION_STRING'],
  ] as const)
    expect(namesOf(strings[variable]!)).toEqual(namesOf(given[section].connectionString));

  const up = ['--config', configPath, 'up', '--once'];
  const empty = await headway(join(directory, 'data'), ...up);
  expect(empty).toMatchObject({ code: 0, stderr: expect.stringContaining('no city yet') });

  const config = readConfig(configPath, {});
  const data = await openCity(join(directory, 'other'), config);
  await data.setCity({ name: 'Testbury', timezone: 'UTC' });
  await data.registry.change(sensor('loop-1'));
  const log = await data.openLog(config);
  const entry = { type: 'telemetry' as const, deviceId: 'loop-1', receivedAt: Date.now(), domain: LIVE };
  await log.append(
    [0, 1, 2].map((m) => ({ ...entry, payload: Buffer.from(JSON.stringify(reading(twoHoursAgo(), m))) })),
  );
  await log.close();
  data.close();
  const once_ = await headway(join(directory, 'data'), ...up);
  expect(once_.code, once_.stderr).toBe(0);
  expect(once_.stderr).toMatch(/exported 3 records .*\nledger: 3 received = 3 counted/);
}, 120_000);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
