import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { AuditResult } from '#analytics/audit/audit-result.ts';
import { readConfig } from '#apps/config.ts';
import { openCity } from '#apps/data-directory.ts';
import { refreshLake } from '#apps/lake-session.ts';
import { startLocalAzure } from '#apps/local-azure.ts';
import { startParts } from '#apps/pipeline.ts';
import { plannedReadmission } from '#apps/readmit-dead-letters.ts';
import { partitionOf } from '#domain/log.ts';
import { ALWAYS } from '#domain/registry/registry.ts';
import { headwayJson } from '../cli/headway.ts';
import { key, reading, twoHoursAgo } from '../cli/test-city.ts';
import { temporaryDirectory } from '../gateway/temporary-directory.ts';

const PARTITIONS = 4;

it('dead letters of devices that IoT Hub has partitioned are readmitted where they stand', async (context) => {
  const root = await temporaryDirectory(context);
  const azure = await startLocalAzure({
    directory: join(root, 'azure'),
    ports: { eventHubs: 0, cosmos: 0, blob: 0, iotHub: 0, iotHubMqtts: 0 },
    hub: 'headway',
    partitions: PARTITIONS,
  });
  context.onTestFinished(() => azure.close());
  const configPath = join(root, 'city.json');
  writeFileSync(
    configPath,
    JSON.stringify({
      eventHubs: { connectionString: azure.eventHubs.connectionString },
      cosmos: { connectionString: azure.cosmos.connectionString, caFile: azure.caFile },
      blob: { connectionString: azure.blob.connectionString },
      processing: { commitEveryMs: 100 },
      balance: { intervalS: 0.2, expiryS: 2 },
    }),
  );
  const config = readConfig(configPath, {});
  const operator = <T>(...args: string[]) =>
    headwayJson<T>(join(root, 'operator'), '--config', configPath, ...args);
  const data = await openCity(join(root, 'own'), config);
  context.onTestFinished(() => data.close());
  await data.setCity({ name: 'Testham', timezone: 'Europe/London' });
  const devices = ['loop-1', 'loop-2', 'loop-3', 'loop-4'];
  await data.registry.change([
    { kind: 'site', id: '12', validFrom: ALWAYS, body: { siteId: '12', name: 'High Street' } },
    ...devices.map((deviceId) => ({
      kind: 'device' as const,
      id: deviceId,
      validFrom: ALWAYS,
      body: { deviceId, domain: 'live', role: 'sensor' as const, key },
    })),
  ]);

  const hour = twoHoursAgo();
  for (const deviceId of devices) {
    for (const minute of [0, 1, 2]) {
      await azure.eventHubs.enqueue('headway', {
        body: Buffer.from(JSON.stringify(reading(hour, minute))),
        partitionKey: deviceId,
        annotations: { 'iothub-connection-device-id': deviceId, 'iothub-enqueuedtime': new Date() },
      });
    }
  }
  const parts = await startParts(config, data, { gateway: false, processor: true });
  context.onTestFinished(() => parts.stop());
  await parts.processed();
  await refreshLake(data);

  const plan = await plannedReadmission(data, { reason: 'unknown-installation' });
  expect(plan).toMatchObject({ readings: 12, expired: 0 });
  // Else this would test nothing: the service's hash is another than ours.
  expect(plan.places.some((p) => p.partition !== partitionOf(p.deviceId, PARTITIONS))).toBe(true);

  await data.registry.change(
    devices.map((deviceId) => ({
      kind: 'installation' as const,
      id: deviceId,
      validFrom: ALWAYS,
      body: { deviceId, siteId: '12' },
    })),
  );
  const readmit = ['dead-letters', 'readmit', '--yes'];
  expect(await operator(...readmit)).toEqual([{ judged: 12, admitted: 12, remaining: 0, expired: 0 }]);
  // The list is of the last export still; what was judged since is not judged twice.
  expect(await operator(...readmit)).toEqual([{ judged: 0, admitted: 0, remaining: 0, expired: 0 }]);
  expect(await operator<AuditResult>('audit')).toMatchObject({ ok: true });
  expect(await operator('dead-letters')).toEqual([]);
}, 120_000);
