import type { DuckDBConnection } from '@duckdb/node-api';
import type { Checkpoint } from '#domain/store.ts';
import type { AuditResult, CheckResult, CorruptRange, Gap, PromisedHour } from './audit-result.ts';
import { type CheckFile, numberOf, readCheckFile, readSql, runCheck } from './check-file.ts';
import { type SegmentReader, segmentStretches } from './segment-stretches.ts';

export interface AuditOptions {
  /** A session of `openLake`. The audit leaves temporary tables named audit_* in it. */
  connection: DuckDBConnection;
  /** The log that the archive was copied from; without it the archive is not compared with it. */
  segments?: SegmentReader;
  /** How far the archive should reach; without it, as far as it does. */
  checkpoints?: readonly Checkpoint[];
  /** Positions that processing could not read, as the store names them. */
  corrupt?: readonly CorruptRange[];
  /** What was configured for processing. */
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

/** Each check, once: its SQL file, and over what it is repeated. In the order in which they run. */
export const auditChecks = [
  { name: 'archive-segments', over: 'stretches of the log' },
  { name: 'gaps', over: 'the lake' },
  { name: 'archive-checksums', over: 'the lake' },
  { name: 'payload-readings', over: 'stretches of the archive' },
  { name: 'clock', over: 'the lake' },
  { name: 'identity', over: 'shares of the devices' },
  { name: 'windows', over: 'shares of the devices' },
  { name: 'ledger', over: 'the lake' },
  { name: 'ledger-sum', over: 'the lake' },
  { name: 'hourly', over: 'the lake' },
] as const;

type CheckName = (typeof auditChecks)[number]['name'];

/** Readings of a share of the devices are in memory together. */
const SHARE_READINGS = 1_500_000;

/**
 * Recomputes from the archive and the readings in it what is published, in SQL that shares no code with processing,
 * and finds every difference. Records, readings, windows and ledger must be of one moment: one export of the lake.
 */
export async function runAudit(options: AuditOptions): Promise<AuditResult> {
  const { connection: db, sampleRows = 20, onProgress } = options;
  const results = new Map<CheckName, CheckResult>();
  const files = new Map<CheckName, CheckFile>();
  for (const { name } of auditChecks) {
    const file = readCheckFile(name);
    files.set(name, file);
    results.set(name, {
      name,
      question: file.question,
      examined: 0,
      differences: 0,
      sample: [],
      tookMs: 0,
    });
  }
  let openWindows = 0;
  const check = async (name: CheckName, share = 1): Promise<void> => {
    const started = performance.now();
    const found = await runCheck(db, files.get(name)!, sampleRows);
    const result = results.get(name)!;
    result.examined += found.examined;
    result.differences += found.differences;
    result.sample = [...result.sample, ...found.sample].slice(0, sampleRows);
    result.tookMs += performance.now() - started;
    openWindows += found.numbers.open ?? 0;
    onProgress?.(name, share);
  };

  await prepareSession(options);
  const recordsNotYetArchived = await compareSegments(options, (share) => check('archive-segments', share));
  await check('gaps');
  await check('archive-checksums');
  await overStretches(db, (share) => check('payload-readings', share));
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
  const notAuditable = gaps.filter((g) => g.corruption === null);
  const checks = [...results.values()];
  return {
    ok: checks.every((c) => c.differences === 0) && notAuditable.length === 0,
    checks,
    auditable: notAuditable.length === 0,
    notAuditable,
    corrupt: gaps.filter((g) => g.corruption !== null),
    deviceHoursNotAudited: await numberOf(db, 'SELECT count(*) FROM audit_unarchived'),
    openWindows,
    recordsNotYetArchived,
    promisedHours: await readPromises(db),
  };
}

async function prepareSession(options: AuditOptions): Promise<void> {
  const { connection: db, checkpoints, corrupt = [] } = options;
  const rules = { ...usualRules, ...options.rules };
  const ms = (seconds: number) => `${Math.round(seconds * 1_000)}::BIGINT`;
  await db.run(`SET VARIABLE audit_ahead_ms = ${ms(rules.aheadS)}; SET VARIABLE audit_behind_ms = ${ms(rules.behindS)};
    SET VARIABLE audit_grace_ms = ${ms(rules.graceS)}; SET VARIABLE audit_idle_ms = ${ms(rules.idleS)};
    SET VARIABLE audit_shares = 1; SET VARIABLE audit_share = 0`);
  await db.run(readSql('macros'));
  await db.run(readSql('lake-facts'));
  await db.run(`
    CREATE OR REPLACE TEMP TABLE audit_reach AS SELECT partition, max(position) AS reaches FROM archive GROUP BY partition;
    CREATE OR REPLACE TEMP TABLE audit_corrupt (partition INTEGER, from_position BIGINT, to_position BIGINT, detail VARCHAR)`);
  for (const { partition, position } of checkpoints ?? []) {
    await db.run(`DELETE FROM audit_reach WHERE partition = ${partition} AND reaches < ${position};
      INSERT INTO audit_reach SELECT ${partition}, ${position}
      WHERE NOT EXISTS (SELECT 1 FROM audit_reach WHERE partition = ${partition})`);
  }
  await addCorrupt(db, corrupt);
}

async function addCorrupt(db: DuckDBConnection, ranges: readonly CorruptRange[]): Promise<void> {
  for (const { partition, from, to, detail } of ranges) {
    await db.run(
      `INSERT INTO audit_corrupt SELECT $1, $2, $3, $4 WHERE NOT EXISTS (
         SELECT 1 FROM audit_corrupt WHERE partition = $1 AND from_position <= $2 AND to_position >= $3)`,
      [partition, from, to, detail],
    );
  }
}

/** Returns the number of records that are newer than the archive. */
async function compareSegments(
  { connection: db, segments }: AuditOptions,
  compare: (share: number) => Promise<void>,
): Promise<number> {
  if (!segments) return 0;
  const reach = new Map<number, number>();
  for (const row of (await db.runAndReadAll('SELECT * FROM audit_reach')).getRowObjectsJson()) {
    reach.set(Number(row.partition), Number(row.reaches));
  }
  const ends = await segments.ends();
  const total = [...reach.values()].reduce((sum, position) => sum + position + 1, 0);
  let done = 0;
  for await (const stretch of segmentStretches(db, segments, (p) => reach.get(p) ?? -1)) {
    const { partition, from, to } = stretch;
    await addCorrupt(db, stretch.corrupt);
    await setStretch(db, partition, from, to);
    done += to - from + 1;
    await compare(Math.min(1, done / total));
  }
  return ends.reduce((sum, end, p) => sum + Math.max(0, end - (reach.get(p) ?? -1)), 0);
}

async function overStretches(
  db: DuckDBConnection,
  check: (share: number) => Promise<void>,
): Promise<void> {
  const stretches = (await db.runAndReadAll('SELECT * FROM audit_stretches')).getRowObjectsJson();
  for (const [i, s] of stretches.entries()) {
    await setStretch(db, Number(s.partition), Number(s.from_position), Number(s.to_position));
    await check((i + 1) / stretches.length);
  }
}

async function setStretch(db: DuckDBConnection, partition: number, from: number, to: number): Promise<void> {
  await db.run(`SET VARIABLE audit_segment_partition = ${partition}; SET VARIABLE audit_segment_from = ${from};
    SET VARIABLE audit_segment_to = ${to}`);
}

async function overShares(db: DuckDBConnection, check: (share: number) => Promise<void>): Promise<void> {
  const shares = Math.max(
    1,
    Math.ceil((await numberOf(db, 'SELECT count(*) FROM readings')) / SHARE_READINGS),
  );
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
     FROM audit_gaps ORDER BY partition, from_position`,
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
