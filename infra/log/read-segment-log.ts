import type { EventLog } from '#domain/log.ts';
import { durableEndFile } from './durable-end.ts';
import { polledWatch } from './durable-watch.ts';
import { readManifest } from './manifest.ts';
import { readPartition } from './read-partition.ts';
import { listSegments, partitionDirectory } from './segment-files.ts';

export type EventLogReader = Omit<EventLog, 'append'>;

export interface ReadSegmentLogOptions {
  /** The log's own directory. */
  directory: string;
  /** How often to look whether the writer has made more durable. */
  pollMs?: number;
}

/**
 * Reads a log beside its writer, in another process or thread; never past what the writer has published as durable.
 * @throws Error when there is no log.
 */
export async function readSegmentLog(options: ReadSegmentLogOptions): Promise<EventLogReader> {
  const { directory, pollMs = 10 } = options;
  const { partitions: count, salt } = await readManifest(directory);
  const partitions = Array.from({ length: count }, (_, i) => {
    const path = partitionDirectory(directory, i);
    return { path, watch: polledWatch(() => durableEndFile(path, 'read'), pollMs) };
  });
  return {
    partitions: count,
    read(partition, after, signal) {
      const { path, watch } = partitions[partition]!;
      return readPartition({ partition, partitionDirectory: path, salt, watch, after, signal });
    },
    ends: async () => partitions.map(({ watch }) => watch.end().position),
    starts: async () => Promise.all(partitions.map(async ({ path }) => (await listSegments(path))[0] ?? 0)),
    async close() {
      for (const { watch } of partitions) watch.close();
    },
  };
}
