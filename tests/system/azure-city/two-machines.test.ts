import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cityAnswers } from '#apps/api/answers.ts';
import { readConfig } from '#apps/config.ts';
import { openCity } from '#apps/data-directory.ts';
import { deadLetterGroups } from '#apps/dead-letters.ts';
import { lastObserved } from '#apps/device-activity.ts';
import { refreshLake } from '#apps/lake-session.ts';
import { ledgerSum } from '#apps/ledger-sum.ts';
import { startLocalAzure } from '#apps/local-azure.ts';
import { startPipeline } from '#apps/pipeline.ts';
import { ALWAYS } from '#domain/registry/registry.ts';
import { sqliteRegistry } from '#infra/sqlite/registry.ts';
import { key, reading, sendAs, twoHoursAgo } from '../cli/test-city.ts';

it('one machine processes and exports; another, with the same configuration, shows what came of it', async (context) => {
  const root = await mkdtemp(join(tmpdir(), 'headway-azure-'));
  context.onTestFinished(() => rm(root, { recursive: true, force: true }));
  const azure = await startLocalAzure({
    directory: join(root, 'azure'),
    ports: { eventHubs: 0, cosmos: 0, blob: 0, iotHub: 0, iotHubMqtts: 0 },
    hub: 'headway',
    partitions: 2,
  });
  context.onTestFinished(() => azure.close());
  const config = readConfig(undefined, {
    HEADWAY_EVENT_HUBS_CONNECTION_STRING: azure.eventHubs.connectionString,
    HEADWAY_COSMOS_CONNECTION_STRING: azure.cosmos.connectionString,
    HEADWAY_COSMOS_CA_FILE: azure.caFile,
    HEADWAY_BLOB_CONNECTION_STRING: azure.blob.connectionString,
    HEADWAY_PROCESSING_COMMIT_EVERY_MS: '100',
    HEADWAY_BALANCE_INTERVAL_S: '0.2',
    HEADWAY_BALANCE_EXPIRY_S: '2',
  });

  const one = await openCity(join(root, 'one'), config);
  context.onTestFinished(() => one.close());
  await one.setCity({ name: 'Testham', timezone: 'Europe/London' });
  await one.registry.change([
    { kind: 'site', id: '12', validFrom: ALWAYS, body: { siteId: '12', name: 'High Street' } },
    {
      kind: 'device',
      id: 'loop-1',
      validFrom: ALWAYS,
      body: { deviceId: 'loop-1', domain: 'live', role: 'sensor', key },
    },
    { kind: 'installation', id: 'loop-1', validFrom: ALWAYS, body: { deviceId: 'loop-1', siteId: '12' } },
  ]);
  const pipeline = await startPipeline(config, one, { ephemeral: true });
  const hour = twoHoursAgo();
  const sent = Array.from({ length: 20 }, (_, minute) => reading(hour, minute));
  await sendAs('loop-1', key, pipeline.gateway.port, [...sent, { ...sent[0]!, occupancy: 45 }]);
  await pipeline.processed();
  await pipeline.stop();
  await refreshLake(one);

  const two = await openCity(join(root, 'two'), config);
  context.onTestFinished(() => two.close());
  await two.fetchLake?.();
  const sum = { received: 21, counted: 20, rejected: 1, reasons: { impossible: 1 } };
  expect(await ledgerSum(two)).toMatchObject(sum);
  const answers = cityAnswers(two.db, sqliteRegistry(two.db, Date.now), Date.now);
  const { ledger, sensorsByState } = await answers.overview();
  expect(ledger).toMatchObject({ sum, deadLetters: 1 });
  expect(Object.values(sensorsByState).reduce((n, m) => n + m, 0)).toBe(1);
  expect(deadLetterGroups(two.db, {})).toMatchObject([
    { reason: 'impossible', deviceId: 'loop-1', readings: 1, messages: 1 },
  ]);
  expect(lastObserved(two.db)).toEqual(new Map([['loop-1', hour + 19 * 60_000]]));
  expect(two.city()).toEqual({ name: 'Testham', timezone: 'Europe/London' });
});
