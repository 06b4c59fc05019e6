import { mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, it } from 'vitest';
import type { AuditResult } from '#analytics/audit/audit-result.ts';
import { runAudit } from '#analytics/audit/run-audit.ts';
import { openLake } from '#analytics/lake/open-lake.ts';
import { readConfig } from '#apps/config.ts';
import { type DataDirectory, openDataDirectory } from '#apps/data-directory.ts';
import { refreshLake } from '#apps/lake-session.ts';
import { replay } from '#apps/replay.ts';
import { readSegmentLog } from '#infra/log/read-segment-log.ts';
import { recordingFormats } from '#ingest/recordings/recording-formats.ts';
import { recording } from '../../shared-data.ts';

it('a recorded week audits without a difference, and one altered figure or byte is named', async (context) => {
  const path = recording(context, 'road/metr-la-week');
  const data = openDataDirectory(mkdtempSync(join(tmpdir(), 'headway-audit-')));
  try {
    const week = await recordingFormats['metr-la']!.open(path, {});
    await replay({ config: readConfig(undefined, {}), data, recording: week, pace: 'max' });
    await refreshLake(data);

    const sound = await audit(data);
    expect(sound.checks.map((c) => [c.name, c.examined, c.differences])).toEqual([
      ['archive-segments', 34_983, 0],
      ['archive-checksums', 34_983, 0],
      ['payload-readings', 417_312, 0],
      ['clock', 417_312, 0],
      ['identity', 417_312, 0],
      ['windows', 417_312, 0],
      ['ledger', 34_776, 0],
      ['ledger-sum', 34_776, 0],
      ['hourly', 34_776, 0],
    ]);
    expect(sound).toMatchObject({ ok: true, auditable: true, openWindows: 0 });
    const missingS = sound.promisedHours.reduce((sum, h) => sum + h.missingS, 0);
    const expectedS = sound.promisedHours.reduce((sum, h) => sum + h.expectedS, 0);
    expect({ expectedS, missingS }).toEqual({ expectedS: 207 * 7 * 86_400, missingS: 0 });

    const windowsFile = firstFile(data, 'windows');
    await rewrite(
      windowsFile,
      `* REPLACE (CASE WHEN device_id = '773023' AND start_at = '2012-03-01 20:00:00Z'
      THEN speed_milli_s + 1 ELSE speed_milli_s END AS speed_milli_s)`,
    );
    const archiveFile = firstFile(data, 'archive');
    await rewrite(
      archiveFile,
      `* REPLACE (CASE WHEN position = 100
      THEN encode(replace(decode(payload), '"periodS":300', '"periodS":301')) ELSE payload END AS payload)`,
    );
    const altered = await audit(data);
    expect(altered.ok).toBe(false);
    expect(altered.checks.filter((c) => c.differences > 0).map((c) => [c.name, c.differences])).toEqual([
      ['archive-segments', 1],
      ['archive-checksums', 1],
      ['windows', 1],
      ['hourly', 1],
    ]);
    const windows = altered.checks.find((c) => c.name === 'windows')!;
    expect(windows.sample[0]).toMatchObject({
      thing: 'traffic-flow of 773023 at 773023 300 s from 2012-03-01 20:00:00+00',
      problem: 'speed_milli_s',
    });
    expect(Number(windows.sample[0]!.found) - Number(windows.sample[0]!.expected)).toBe(1);
  } finally {
    data.close();
    rmSync(data.path, { recursive: true, force: true });
  }
}, 120_000);

async function audit(data: DataDirectory): Promise<AuditResult> {
  const connection = await openLake({
    directory: data.lakePath,
    registry: await data.registry.view(),
    city: data.city()!,
  });
  const segments = await readSegmentLog({ directory: data.logPath });
  const checkpoints = data.db.prepare('SELECT partition, position FROM checkpoints').all() as never;
  try {
    return await runAudit({ connection, segments, checkpoints });
  } finally {
    await segments.close();
    connection.closeSync();
  }
}

/** The path of the first Parquet file of a table, by name. */
function firstFile(data: DataDirectory, table: string): string {
  const directory = join(data.lakePath, table);
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  return join(directory, files.filter((f) => f.endsWith('.parquet')).sort()[0]!);
}

async function rewrite(path: string, columns: string): Promise<void> {
  const db = await (await DuckDBInstance.create(':memory:')).connect();
  await db.run(
    `SET TimeZone = 'UTC'; COPY (SELECT ${columns} FROM read_parquet('${path}', hive_partitioning = false)) TO '${path}.new' (FORMAT parquet)`,
  );
  db.closeSync();
  renameSync(`${path}.new`, path);
}
