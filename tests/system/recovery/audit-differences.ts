import { runAudit } from '#analytics/audit/run-audit.ts';
import { readConfig } from '#apps/config.ts';
import { openDataDirectory } from '#apps/data-directory.ts';
import { lakeSession } from '#apps/lake-session.ts';
import { readSegmentLog } from '#infra/log/read-segment-log.ts';

/** What `headway audit` finds wrong with a data directory; nothing is right. */
export async function auditDifferences(directory: string): Promise<string[]> {
  const data = openDataDirectory(directory);
  const connection = await lakeSession(data);
  const segments = await readSegmentLog({ directory: data.logPath });
  try {
    const checkpoints = data.db.prepare('SELECT partition, position FROM checkpoints').all() as never;
    const corrupt = data.db
      .prepare('SELECT partition, from_position AS "from", to_position AS "to", detail FROM corrupt')
      .all() as never;
    const { aheadS, behindDays, graceS, idleS } = readConfig(undefined, process.env).processing;
    const rules = { aheadS, behindS: behindDays * 86_400, graceS, idleS };
    const result = await runAudit({ connection, segments, checkpoints, corrupt, rules });
    const unarchived = result.notAuditable.map((gap) => `not archived: ${JSON.stringify(gap)}`);
    return [
      ...unarchived,
      ...result.checks
        .filter((check) => check.differences > 0)
        .map(
          (check) => `${check.name}: ${check.differences} differences, ${JSON.stringify(check.sample[0])}`,
        ),
    ];
  } finally {
    await segments.close();
    connection.closeSync();
    data.close();
  }
}
