import { readdirSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { LIVE, type LogEntry, partitionOf } from '#domain/log.ts';
import { openSegmentLog } from '#infra/log/open-segment-log.ts';
import { auditDifferences } from '../recovery/audit-differences.ts';
import { goodReading, testCity } from './test-city.ts';

const PARTITIONS = 4;
const READINGS = 3_000;

test('a corrupt stretch in a closed segment is named and stepped over; all the rest is counted', async () => {
  const deviceId = 'hit';
  const partition = partitionOf(deviceId, PARTITIONS);
  let segment = '';
  const city = await testCity({
    devices: [deviceId],
    prepare: async (directory) => {
      const path = join(directory, 'log');
      await leaveBacklog(path, deviceId);
      const partitionPath = join(path, `p${partition}`);
      const segments = readdirSync(partitionPath)
        .filter((name) => name.endsWith('.seg'))
        .sort();
      expect(segments.length).toBeGreaterThan(3);
      segment = join(partitionPath, segments[1]!);
      await flipBytes(segment, 40);
    },
  });
  const db = new DatabaseSync(join(city.directory, 'store.db'), { readOnly: true });
  try {
    await city.beside(async () => {
      const { counted, ...others } = await city.outcomes(deviceId);
      const named = db.prepare('SELECT * FROM corrupt').all() as unknown as Corrupt[];
      expect(named).toHaveLength(1);
      expect(named[0]!.partition).toBe(partition);
      expect(named[0]!.detail).toContain(segment);
      const lost = named[0]!.to_position - named[0]!.from_position + 1;
      expect(lost).toBeGreaterThanOrEqual(1);
      expect(lost).toBeLessThanOrEqual(2);
      expect({ counted, others }).toEqual({ counted: READINGS - lost, others: {} });
    });
    await city.pipeline.stop();
    expect(await auditDifferences(city.directory)).toEqual([]);
  } finally {
    db.close();
    await city.close();
  }
});

interface Corrupt {
  partition: number;
  from_position: number;
  to_position: number;
  detail: string;
}

/** What a pipeline leaves that was killed before it processed what its door had acknowledged. */
async function leaveBacklog(path: string, deviceId: string): Promise<void> {
  const log = await openSegmentLog({ directory: path, partitions: PARTITIONS, segmentBytes: 64 * 1024 });
  for (let i = 0; i < READINGS; i += 100) {
    const entries = Array.from({ length: 100 }, (_, k): LogEntry => {
      const payload = Buffer.from(JSON.stringify(goodReading(5 + i + k)));
      return { type: 'telemetry', deviceId, receivedAt: Date.now(), domain: LIVE, payload };
    });
    await log.append(entries);
  }
  await log.close();
}

async function flipBytes(path: string, bytes: number): Promise<void> {
  const middle = Math.floor((await stat(path)).size / 2);
  const file = await open(path, 'r+');
  const buffer = Buffer.alloc(bytes);
  await file.read(buffer, 0, bytes, middle);
  await file.write(
    buffer.map((byte) => byte ^ 0xff),
    0,
    bytes,
    middle,
  );
  await file.close();
}
