import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StartedTestContainer } from 'testcontainers';
import { afterEach, expect, it } from 'vitest';
import { azureCity } from '#apps/azure-city.ts';
import type { CityState } from '#apps/city-state.ts';
import { readConfig } from '#apps/config.ts';
import { type LocalAzure, startLocalAzure } from '#apps/local-azure.ts';
import { formatInstant, HOUR_MS, hourOf, MINUTE_MS } from '#domain/instant.ts';
import { LIVE, type LogEntry } from '#domain/log.ts';
import { ALWAYS } from '#domain/registry/registry.ts';
import { blobService } from '#infra/blob/blob-service.ts';
import { imageOrSkip } from './image.ts';
import { stopAll, tidied } from './start-headway.ts';

const DEVICES = 20;
const MINUTES = 30;

let directory: string;
afterEach(async () => {
  await stopAll();
  rmSync(directory, { recursive: true, force: true });
});

it('two processors of our image share the partitions; when one is killed the other has it all, once', async (context) => {
  directory = mkdtempSync(join(tmpdir(), 'headway-two-'));
  const image = await imageOrSkip(context, 'localhost/headway-test/headway');
  const azure = await localAzure();
  const settings = settingsOf(azure);
  const config = readConfig(undefined, settings);
  const city = await azureCity(config, join(directory, 'lake'));
  await city.setCity({ name: 'Testham', timezone: 'Europe/London' });
  await city.registry.change(registered());
  const log = await city.openLog(config);

  const first = await startProcessor(image, settings, azure.caFile);
  await startProcessor(image, settings, azure.caFile);
  await expect.poll(() => owners(settings), { timeout: 60_000, interval: 500 }).toBe(2);
  await log.append(sent(0, MINUTES / 2));
  await expect.poll(() => counted(city), { timeout: 60_000, interval: 500 }).toBe((DEVICES * MINUTES) / 2);

  await log.append(sent(MINUTES / 2, MINUTES));
  const t0 = performance.now();
  await first.stop({ timeout: 0 });
  console.log('killed in', performance.now() - t0);
  await expect.poll(() => counted(city), { timeout: 60_000, interval: 500 }).toBe(DEVICES * MINUTES);
  expect(await city.ledgerTotals()).toEqual([
    { outcome: 'counted', reason: '', readings: DEVICES * MINUTES, late: expect.any(Number) },
  ]);
  await log.close();
  await city.close();
});

async function localAzure(): Promise<LocalAzure> {
  const azure = await startLocalAzure({
    directory: join(directory, 'azure'),
    ports: { eventHubs: 0, cosmos: 0, blob: 0, iotHub: 0, iotHubMqtts: 0 },
    hub: 'headway',
    partitions: 4,
  });
  // Azurite, asked to end, waits for the connections that our own clients keep; it ends with this process at the latest.
  tidied({ stop: () => Promise.race([azure.close(), sleep(3_000)]) });
  return azure;
}

function settingsOf({ eventHubs, cosmos, blob, caFile }: LocalAzure) {
  return {
    HEADWAY_EVENT_HUBS_CONNECTION_STRING: eventHubs.connectionString,
    HEADWAY_COSMOS_CONNECTION_STRING: cosmos.connectionString,
    HEADWAY_COSMOS_CA_FILE: caFile,
    HEADWAY_BLOB_CONNECTION_STRING: blob.connectionString,
    HEADWAY_BALANCE_INTERVAL_S: '1',
    HEADWAY_BALANCE_EXPIRY_S: '5',
    HEADWAY_PROCESSING_COMMIT_EVERY_MS: '200',
  };
}

/** On this machine's own network: the local endpoints are on its loopback alone. */
async function startProcessor(
  image: string,
  settings: ReturnType<typeof settingsOf>,
  caFile: string,
): Promise<StartedTestContainer> {
  const { GenericContainer, Wait } = await import('testcontainers');
  return tidied(
    await new GenericContainer(image)
      .withNetworkMode('host')
      // On one network each needs a port of its own to answer on.
      .withEnvironment({ ...settings, HEADWAY_COSMOS_CA_FILE: '/tmp/ca.pem', HEADWAY_HEALTH_PORT: '0' })
      .withCopyContentToContainer([{ content: readFileSync(caFile, 'utf8'), target: '/tmp/ca.pem' }])
      .withCommand(['up', '--role', 'processor'])
      .withWaitStrategy(Wait.forLogMessage(/running processor/))
      .withStartupTimeout(60_000)
      .start(),
  );
}

/** Processes that own partitions, as the SDK's checkpoint store notes them. */
async function owners(settings: ReturnType<typeof settingsOf>): Promise<number> {
  const blobs = blobService({ connectionString: settings.HEADWAY_BLOB_CONNECTION_STRING });
  const container = await blobs.container('ownership');
  const ids = new Set<string>();
  for await (const { metadata } of container.listBlobsFlat({ includeMetadata: true })) {
    if (metadata?.ownerid) ids.add(metadata.ownerid);
  }
  return ids.size;
}

async function counted(city: CityState): Promise<number> {
  const totals = await city.ledgerTotals();
  return totals.find(({ outcome }) => outcome === 'counted')?.readings ?? 0;
}

function registered() {
  return Array.from({ length: DEVICES }, (_, i) => {
    const deviceId = `loop-${i}`;
    const siteId = `site-${i}`;
    const device = { deviceId, domain: LIVE, role: 'sensor' as const, key: 'aw==' };
    return [
      { kind: 'site' as const, id: siteId, validFrom: ALWAYS, body: { siteId } },
      { kind: 'device' as const, id: deviceId, validFrom: ALWAYS, body: device },
      {
        kind: 'installation' as const,
        id: deviceId,
        validFrom: ALWAYS,
        body: { deviceId, siteId, periodS: 60 },
      },
    ];
  }).flat();
}

function sent(from: number, to: number): LogEntry[] {
  const start = hourOf(Date.now()) - 2 * HOUR_MS;
  return Array.from({ length: to - from }, (_, i) =>
    Array.from({ length: DEVICES }, (_, device): LogEntry => {
      const observedAt = start + (from + i) * MINUTE_MS;
      const reading = { kind: 'traffic-flow', observedAt: formatInstant(observedAt), periodS: 60, count: i };
      return {
        type: 'telemetry',
        deviceId: `loop-${device}`,
        receivedAt: observedAt + MINUTE_MS,
        domain: LIVE,
        payload: Buffer.from(JSON.stringify(reading)),
      };
    }),
  ).flat();
}
