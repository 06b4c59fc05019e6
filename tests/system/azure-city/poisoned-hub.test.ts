import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EventData, EventHubProducerClient } from '@azure/event-hubs';
import { expect, it } from 'vitest';
import type { AuditResult } from '#analytics/audit/audit-result.ts';
import { readConfig } from '#apps/config.ts';
import { openCity } from '#apps/data-directory.ts';
import { ledgerSum } from '#apps/ledger-sum.ts';
import { startParts } from '#apps/pipeline.ts';
import { LIVE } from '#domain/log.ts';
import { headwayJson } from '../cli/headway.ts';
import { reading, twoHoursAgo } from '../cli/test-city.ts';
import { temporaryDirectory } from '../gateway/temporary-directory.ts';
import { sensor } from '../recovery/run-pipeline.ts';
import { localServices } from '../scale-out/local-services.ts';

const own = { type: 'telemetry', deviceId: 'loop-1', receivedAt: Date.now(), domain: LIVE };
const order = { ...own, type: 'readmit' };
const deep = '['.repeat(100_000) + ']'.repeat(100_000);

/** What a foreign producer with the right to send may put into the city's hub, and how many readings each is. */
const poison: readonly [EventData, number][] = [
  [{ body: Buffer.from('not json {') }, 1],
  [{ body: Buffer.from(deep) }, 1],
  [{ body: Buffer.from(`{"kind":"traffic-flow","count":${deep}}`) }, 1],
  [{ body: Buffer.from(`[${'{},'.repeat(20_000)}{}]`) }, 20_001],
  [{ body: Buffer.alloc(900_000, 0xff) }, 1],
  [{ body: { deviceId: 'loop-1', nested: [1, null, { a: 'b' }] } }, 1],
  [{ body: Buffer.alloc(0) }, 1],
  // Forged: in Headway's own form, and not what Headway would write.
  [{ body: Buffer.from('{}'), properties: { ...own, receivedAt: 9e15 } }, 1],
  [{ body: Buffer.from('{}'), properties: { ...own, receivedAt: -8.64e15 } }, 1],
  [{ body: Buffer.from('{}'), properties: { ...own, deviceId: 'x'.repeat(5_000) } }, 1],
  [{ body: Buffer.from('{}'), properties: { ...own, deviceId: 'x/\\?#"\u0000\u{1f6a6}' } }, 1],
  [{ body: Buffer.from('{}'), properties: { ...own, domain: 'recording:nobody' } }, 1],
  [{ body: Buffer.from('{}'), properties: { ...own, type: 'reboot' } }, 1],
  [{ body: Buffer.from('no order'), properties: order }, 0],
  [{ body: Buffer.from('{"positions":"all"}'), properties: order }, 0],
  [{ body: Buffer.from('{"positions":[0,-1,0.5,1e300,null,"0",{}]}'), properties: order }, 0],
  [{ body: Buffer.from('null'), properties: { ...order, deviceId: '' } }, 0],
  [{ body: Buffer.from('junk'), properties: { ...own, type: 'end', deviceId: 'nobody' } }, 0],
];

it('a hub into which a foreign producer writes poison goes on: each is refused by name, the sum adds up, the audit is clean', async (context) => {
  const directory = await temporaryDirectory(context);
  const services = await localServices(directory, 1);
  context.onTestFinished(services.close);
  const configPath = join(directory, 'city.json');
  const { settings } = services;
  const eventHubs = settings.HEADWAY_EVENT_HUBS_CONNECTION_STRING!;
  writeFileSync(
    configPath,
    JSON.stringify({
      eventHubs: { connectionString: eventHubs },
      cosmos: {
        connectionString: settings.HEADWAY_COSMOS_CONNECTION_STRING,
        caFile: settings.HEADWAY_COSMOS_CA_FILE,
      },
      blob: { connectionString: settings.HEADWAY_BLOB_CONNECTION_STRING },
      processing: { commitEveryMs: 100 },
      balance: { intervalS: 0.2, expiryS: 2 },
    }),
  );
  const config = readConfig(configPath, {});
  const data = await openCity(join(directory, 'own'), config);
  context.onTestFinished(data.close);
  await data.setCity({ name: 'Testbury', timezone: 'UTC' });
  await data.registry.change(sensor('loop-1'));

  const log = await data.openLog(config);
  const hour = twoHoursAgo();
  const good = (minute: number) =>
    log.append([{ ...own, type: 'telemetry', payload: Buffer.from(JSON.stringify(reading(hour, minute))) }]);
  const foreign = new EventHubProducerClient(eventHubs, 'headway');
  for (const [minute, [event]] of poison.entries()) {
    await good(minute);
    await foreign.sendBatch([event], { partitionId: '0' });
  }
  await good(poison.length);
  await foreign.close();
  await log.close();

  const parts = await startParts(config, data, { gateway: false, processor: true });
  await parts.processed();
  await parts.stop();
  const audit = await headwayJson<AuditResult>(directory, '--config', configPath, 'audit');
  expect(audit).toMatchObject({ ok: true });
  const bad = poison.reduce((n, [, readings]) => n + readings, 0);
  const sum = await ledgerSum(data);
  expect(sum).toMatchObject({ counted: poison.length + 1, rejected: bad, received: poison.length + 1 + bad });
}, 120_000);
