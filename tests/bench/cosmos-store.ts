import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { OperationInput } from '@azure/cosmos';
import { HOUR_MS } from '#domain/instant.ts';
import { membersText } from '#domain/member-text.ts';
import type { Commit } from '#domain/store.ts';
import { blobService } from '#infra/blob/blob-service.ts';
import { partitionBlobs } from '#infra/blob/partition-blobs.ts';
import { bulk } from '#infra/cosmos/bulk.ts';
import { cosmosDatabase, createContainers } from '#infra/cosmos/cosmos-database.ts';
import { cosmosStore } from '#infra/cosmos/store.ts';
import type { Bench, BenchRow, Scale } from './bench-row.ts';
import type { Endpoints } from './cosmos-endpoint.ts';

const HOUR = Date.UTC(2026, 2, 2, 8);
const DEVICES = 5_000;

/** Bulk upserts of windows as the store writes them, beside what the SDK alone reaches where nothing is kept. */
export const cosmosStoreBench: Bench = {
  name: 'cosmos',
  missing: () =>
    existsSync(join(import.meta.dirname, '../../infra/local/node_modules/azurite'))
      ? undefined
      : 'the local Azure endpoints are not installed: node setup.mjs --with infra/local',
  run: async (scale: Scale): Promise<BenchRow[]> => [
    await withEndpoints('empty', sdkAlone(scale)),
    ...(await withEndpoints('local', commits(scale))),
  ],
};

/** The SDK's bulk calls, 100 operations each and four under way, against an endpoint that says yes. */
const sdkAlone =
  (scale: Scale) =>
  async ({ cosmos, ca }: Endpoints): Promise<BenchRow> => {
    const { database, close } = await cosmosDatabase({ connectionString: cosmos, ca, database: 'city' });
    const rows = [...windowsOf(0)];
    const operations = rows.map(({ members, ...row }): OperationInput => {
      const { deviceId, startAt } = row;
      const body = {
        id: `${startAt}`,
        deviceId,
        startAt,
        versions: [[1, 1, [JSON.stringify(row), members]]],
      };
      return { operationType: 'Create', partitionKey: deviceId, resourceBody: body };
    });
    const container = database.container('windows');
    await bulk(container, operations.slice(0, 1_000), 'warm up');
    const rounds = scale === 'full' ? 6 : 1;
    const started = performance.now();
    for (let i = 0; i < rounds; i++) await bulk(container, operations, 'write');
    const value = (rounds * operations.length) / elapsedS(started);
    close();
    return { name: "Cosmos DB: the SDK's bulk against an empty endpoint", value, unit: 'documents/s' };
  };

const commits =
  (scale: Scale) =>
  async ({ cosmos, blob, ca }: Endpoints): Promise<BenchRow[]> => {
    const { database, close } = await cosmosDatabase({ connectionString: cosmos, ca, database: 'city' });
    await createContainers(database);
    const container = await blobService({ connectionString: blob }).container('city');
    const store = cosmosStore({ database, blobs: partitionBlobs(container), clock: Date.now });
    await store.commit(commitOf(0));
    const rounds = scale === 'full' ? 5 : 1;
    const cpuBefore = process.cpuUsage();
    const started = performance.now();
    for (let n = 1; n <= rounds; n++) await store.commit(commitOf(n));
    const tookS = elapsedS(started);
    const { user, system } = process.cpuUsage(cpuBefore);
    // A window and a ledger hour of each device.
    const documents = rounds * 2 * DEVICES;
    const checkpointMs = await checkpointOf10_000(container);
    close();
    return [
      {
        name: 'Cosmos DB: documents stored in commits',
        value: documents / tookS,
        unit: 'documents/s',
        atLeast: 5_000,
      },
      {
        name: 'Cosmos DB: processor time of a document',
        value: (user + system) / documents,
        unit: 'µs/document',
      },
      { name: 'Blob: checkpoint with the state of 10,000 streams', value: checkpointMs, unit: 'ms' },
    ];
  };

async function checkpointOf10_000(container: Parameters<typeof partitionBlobs>[0]): Promise<number> {
  const owner = await partitionBlobs(container).takeOver(1);
  const { members } = [...windowsOf(0)][0]!;
  const changes = Array.from({ length: 10_000 }, (_, i) => ({
    key: `loop-${i}`,
    value: `["loop-${i}","live",${HOUR},[["",${HOUR + i},[["traffic-flow","",1,300,${HOUR},[[${HOUR},[["site-${i}",-1,"published",${members.replaceAll('50000', String(40_000 + i))}]]]]]]]]]`,
  }));
  const hours = changes.map(({ key }) => ({ key, value: `[${HOUR},[[${HOUR},0,120,0],[null,5,3,0]]]` }));
  await owner.checkpoint(0, { state: changes, hours });
  const started = performance.now();
  for (let n = 1; n <= 5; n++) await owner.checkpoint(n, { state: changes.slice(0, 400), hours: [] });
  return (performance.now() - started) / 5;
}

function commitOf(n: number): Commit {
  return {
    checkpoint: { partition: 0, position: n },
    windows: windowsOf(n),
    ledger: Array.from({ length: DEVICES }, (_, i) => ({
      partition: 0,
      deviceId: `loop-${i}`,
      // Each commit ends an hour: the counts of the one before become documents.
      hourReceived: HOUR + n * HOUR_MS,
      hourObserved: HOUR,
      outcome: 'counted' as const,
      reason: '' as const,
      readings: n + 1,
      late: 0,
    })),
    outcomes: [{ partition: 0, from: n, to: n, registryVersion: 1, bytes: Uint8Array.of(1, 0) }],
    deadLetters: [],
    readmissions: [],
    corrupt: [],
    state: [],
  };
}

/** A five-minute window of each device, of ten readings. */
function windowsOf(n: number) {
  const startAt = HOUR + n * 300_000;
  const members = Array.from({ length: 10 }, (_, i) => ({
    identity: (startAt + i * 30_000) * 1_000 + 30,
    observedAt: startAt + i * 30_000,
    partition: 0,
    position: 1_000_000 + i,
    index: 0,
    orderedAt: 1_000_000 + i,
    content: [30, 10, 50_000, 100_000, 0],
    earlier: undefined,
  }));
  const text = membersText(members, startAt);
  return Array.from({ length: DEVICES }, (_, i) => ({
    kind: 'traffic-flow',
    deviceId: `loop-${i}`,
    subject: '',
    siteId: `site-${i}`,
    direction: '',
    lane: 1,
    windowS: 300,
    startAt,
    readings: 10,
    observedS: 300,
    count: 100,
    countS: 300,
    classCounts: {},
    occupancyMicroS: 30_000_000,
    occupancyS: 300,
    paceMicroS: 7_200_000_000,
    paceCount: 100,
    speedMilliS: 0,
    speedS: 0,
    speedHistogram: [[50, 100]] as [number, number][],
    histogramBasis: 'means-by-count' as const,
    expectedS: 300,
    revision: 0,
    reason: 'published' as const,
    members: text,
  }));
}

async function withEndpoints<T>(
  kind: 'empty' | 'local',
  use: (endpoints: Endpoints) => Promise<T>,
): Promise<T> {
  const child: ChildProcess = fork(join(import.meta.dirname, 'cosmos-endpoint.ts'), [kind]);
  try {
    const [endpoints] = (await once(child, 'message')) as [Endpoints];
    return await use(endpoints);
  } finally {
    child.disconnect();
    await once(child, 'exit');
  }
}

const elapsedS = (started: number): number => (performance.now() - started) / 1_000;

if (import.meta.main) for (const row of await cosmosStoreBench.run('full')) console.log(row);
