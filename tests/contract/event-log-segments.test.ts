import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSegmentLog } from '#infra/log/open-segment-log.ts';
import { readSegmentLog } from '#infra/log/read-segment-log.ts';
import { eventLogContract } from './event-log.contract.ts';

eventLogContract('segment files', (partitions) => openIn(partitions, {}));
eventLogContract('segment files, small segments and buffers', (partitions) =>
  openIn(partitions, { segmentBytes: 4_096, bufferBytes: 1024 * 1024 }),
);

async function openIn(partitions: number, sizes: { segmentBytes?: number; bufferBytes?: number }) {
  const directory = await mkdtemp(join(tmpdir(), 'headway-log-'));
  const log = await openSegmentLog({ directory, partitions, ...sizes });
  const reader = await readSegmentLog({ directory, pollMs: 2 });
  return {
    log,
    reader,
    dispose: async () => {
      await reader.close();
      await log.close();
      await rm(directory, { recursive: true });
    },
  };
}
