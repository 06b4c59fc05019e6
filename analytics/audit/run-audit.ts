import type { DuckDBConnection } from '@duckdb/node-api';
import type { Checkpoint } from '#domain/store.ts';
import { overStretches } from './archive-stretches.ts';
import type { AuditResult, CorruptRange, Gap, PromisedHour } from './audit-result.ts';
import { numberOf, readSql } from './check-file.ts';
import { checkRuns } from './check-runs.ts';
import type { LogReader } from './log-cursor.ts';
import { noteCorrupt } from './note-corrupt.ts';

export interface AuditOptions {
  /** A session of `openLake`. The audit makes temporary tables, views and macros named audit_* in it. */
  connection: DuckDBConnection;
  /** The log that the archive was copied from; without it the two are not compared. */
  segments?: LogReader;
  /** How far processing has come, and the archive should; without it, as far as the archive does. */
  checkpoints?: readonly Checkpoint[];
  /** Positions that processing could not read, as the store names them. */
  corrupt?: readonly CorruptRange[];
  /** What was configured for processing, where it is not the usual. */
  rules?: Partial<AuditRules>;
  /** Differences kept of each check. */
  sampleRows?: number;
  onProgress?: (check: string, share: number) => void;
}

export interface AuditRules {
  aheadS: number;
  behindS: number;
  graceS: number;
  idleS: number;
}

const usualRules: AuditRules = { aheadS: 60, behindS: 7 * 86_400, graceS: 60, idleS: 600 };

/** Readings of a share of the devices are in memory together. */
const SHARE_READINGS = 1_500_000;

/**
 * Recomputes from the archive, and the readings in it, what is published, in SQL that shares no code with processing,
 * and finds every difference. Readings, windows and ledger must be of one moment: no export while processing runs on.
 */
export async function runAudit(options: AuditOptions): Promise<AuditResult> {
  const { connection: db, segments } = options;
  const { check, results, openWindows } = checkRuns(db, options.sampleRows ?? 20, options.onProgress);
  await prepareSession(options);
  const recordsNotYetArchived = await overStretches(db, segments, async (share) => {
    if (segments) await check('archive-segments', share);
    await check('archive-checksums', share);
    await check('payload-readings', share);
  });
  await db.run(readSql('gaps'));
  await check('clock');
  await overShares(db, async (share) => {
    await db.run(readSql('entries'));
    await check('identity', share);
    await check('windows', share);
  });
  await check('ledger');
  await check('ledger-sum');
  await check('hourly');

  const gaps = await readGaps(db);
  const deviceHoursNotAudited = await numberOf(db, 'SELECT count(*) FROM audit_unarchived');
  const promisedHours = await readPromises(db);
  await dropTables(db);
  const checks = results();
  const notAuditable = gaps.filter((g) => g.corruption === null);
  const auditable = notAuditable.length === 0;
  return {
    ok: auditable && checks.every((c) => c.differences === 0),
    checks,
    auditable,
    notAuditable,
    corrupt: gaps.filter((g) => g.corruption !== null),
    deviceHoursNotAudited,
    openWindows: openWindows(),
    recordsNotYetArchived,
    promisedHours,
  };
}

async function prepareSession({ connection: db, checkpoints, corrupt, rules }: AuditOptions): Promise<void> {
  const { aheadS, behindS, graceS, idleS } = { ...usualRules, ...rules };
  const ms = (seconds: number) => `${Math.round(seconds * 1_000)}::BIGINT`;
  await db.run(`SET VARIABLE audit_ahead_ms = ${ms(aheadS)}; SET VARIABLE audit_behind_ms = ${ms(behindS)};
    SET VARIABLE audit_grace_ms = ${ms(graceS)}; SET VARIABLE audit_idle_ms = ${ms(idleS)};
    SET VARIABLE audit_shares = 1; SET VARIABLE audit_share = 0`);
  await db.run(readSql('macros'));
  await db.run(readSql('lake-facts'));
  for (const { partition, position } of checkpoints ?? []) {
    if (position < 0) continue;
    await db.run(
      `INSERT INTO audit_reach SELECT ${partition}, ${position} WHERE NOT EXISTS (SELECT 1 FROM audit_reach WHERE partition = ${partition});
       UPDATE audit_reach SET reaches = ${position} WHERE partition = ${partition} AND reaches < ${position}`,
    );
  }
  await noteCorrupt(db, corrupt ?? []);
}

async function overShares(db: DuckDBConnection, check: (share: number) => Promise<void>): Promise<void> {
  const readings = await numberOf(db, 'SELECT count(*) FROM readings');
  const shares = Math.max(1, Math.ceil(readings / SHARE_READINGS));
  await db.run(`SET VARIABLE audit_shares = ${shares}`);
  for (let share = 0; share < shares; share++) {
    await db.run(`SET VARIABLE audit_share = ${share}`);
    await check((share + 1) / shares);
  }
}

async function readGaps(db: DuckDBConnection): Promise<Gap[]> {
  const rows = await db.runAndReadAll(
    `SELECT partition, from_position::DOUBLE AS "from", to_position::DOUBLE AS "to",
       strftime(received_from, '%Y-%m-%dT%H:%M:%SZ') AS "receivedFrom",
       strftime(received_to, '%Y-%m-%dT%H:%M:%SZ') AS "receivedTo", CASE WHEN corrupt THEN corruption END AS corruption
     FROM audit_gaps JOIN audit_stepped_over USING (partition, from_position) ORDER BY partition, from_position`,
  );
  return rows.getRowObjectsJson() as unknown as Gap[];
}

async function readPromises(db: DuckDBConnection): Promise<PromisedHour[]> {
  const rows = await db.runAndReadAll(
    `SELECT strftime(hour_at, '%Y-%m-%dT%H:%M:%SZ') AS "hourAt", expected_s::DOUBLE AS "expectedS",
       observed_s::DOUBLE AS "observedS", missing_s::DOUBLE AS "missingS"
     FROM (${readSql('promises').replace(/;\s*$/, '')})`,
  );
  return rows.getRowObjectsJson() as unknown as PromisedHour[];
}

/** Gives back the memory of what the last share and stretch left. */
async function dropTables(db: DuckDBConnection): Promise<void> {
  const tables = await db.runAndReadAll(
    `SELECT table_name FROM duckdb_tables() WHERE temporary AND starts_with(table_name, 'audit_')`,
  );
  for (const [name] of tables.getRowsJson()) await db.run(`DROP TABLE temp."${name}"`);
}
