import { BlobCheckpointStore } from '@azure/eventhubs-checkpointstore-blob';
import type { ContainerClient } from '@azure/storage-blob';
import type { ReaderGroup } from './open-event-hubs-log.ts';

const WRITTEN_EVERY_MS = 10_000;

/**
 * Tells KEDA's scaler, which knows only the SDK's own checkpoints, how far a partition is processed, every so often. Nobody else reads it: a paused owner may put it
 * back, which costs a scaling decision and no reading. What fails is left for the next time.
 */
export function autoscalerPositions(container: ContainerClient, group: ReaderGroup, nowMs: () => number) {
  const store = new BlobCheckpointStore(container);
  const written = new Map<number, number>();
  return ({ partition, position }: { partition: number; position: number }): void => {
    if (position < 0 || nowMs() - (written.get(partition) ?? Number.NEGATIVE_INFINITY) < WRITTEN_EVERY_MS)
      return;
    written.set(partition, nowMs());
    const partitionId = String(partition);
    store
      .updateCheckpoint({ ...group, partitionId, sequenceNumber: position, offset: String(position) })
      .catch(() => written.delete(partition));
  };
}
