import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobCheckpointStore } from '@azure/eventhubs-checkpointstore-blob';
import { ContainerClient } from '@azure/storage-blob';
import { expect, it, vi } from 'vitest';
import { autoscalerPositions } from '#infra/event-hubs/autoscaler-positions.ts';
import { startLocalBlob } from '#infra/local/blob/start-local-blob.ts';

it('tells the autoscaler how far each partition is, in the form of the SDK, every so often', async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'headway-blob-'));
  const blob = await startLocalBlob({ directory });
  context.onTestFinished(async () => {
    await blob.close();
    await rm(directory, { recursive: true, force: true });
  });
  const container = new ContainerClient(blob.connectionString, 'checkpoints');
  await container.createIfNotExists();
  const group = { fullyQualifiedNamespace: 'local', eventHubName: 'headway', consumerGroup: '$Default' };
  let nowMs = 0;
  const tell = autoscalerPositions(container, group, () => nowMs);
  const told = async () =>
    (await new BlobCheckpointStore(container).listCheckpoints('local', 'headway', '$Default'))
      .map((c) => [c.partitionId, c.sequenceNumber])
      .sort();

  tell({ partition: 0, position: -1 });
  tell({ partition: 0, position: 41 });
  tell({ partition: 1, position: 7 });
  await vi.waitFor(
    async () =>
      expect(await told()).toEqual([
        ['0', 41],
        ['1', 7],
      ]),
    10_000,
  );
  nowMs = 9_000;
  tell({ partition: 0, position: 99 });
  nowMs = 11_000;
  tell({ partition: 1, position: 8 });
  await vi.waitFor(
    async () =>
      expect(await told()).toEqual([
        ['0', 41],
        ['1', 8],
      ]),
    10_000,
  );
});
