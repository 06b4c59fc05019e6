import type { DuckDBConnection } from '@duckdb/node-api';
import { outcomes, rejectedAs } from '#domain/outcome.ts';
import { fieldNames, type ReadingKind } from '#domain/readings/reading-kind.ts';
import { readingKinds } from '#domain/readings/reading-kinds.ts';
import type { OutcomeChunk, Readmission } from '#domain/store.ts';
import { instantSql, type LakeContext, parquetRows, quoted, writeParquet } from './lake-context.ts';
import type { RangeFile } from './manifest.ts';
import { readingFields, wholeColumns } from './reading-fields.ts';

/**
 * Writes one readings file for each archive file that has none yet, or in which an order to readmit changed an outcome.
 * Returns the number of readings written.
 */
export async function exportReadings(context: LakeContext): Promise<number> {
  const { manifest, source } = context;
  const readmissions = await source.readmissions();
  const readmitted = readmissions.length > manifest.readmissions ? readmissions : [];
  const due = manifest.archive.filter(
    (archive) =>
      !manifest.readings.some(
        (r) => r.partition === archive.partition && readingsPath(archive) === stem(r.path),
      ) ||
      readmitted.some(
        (r) => r.partition === archive.partition && r.position >= archive.from && r.position <= archive.to,
      ),
  );
  let total = 0;
  let done = 0;
  const waiting = [...due];
  // A file's messages are few and long: DuckDB reads them on one core. Two files at a time use two.
  const turns = Array.from({ length: Math.min(FILES_AT_ONCE, due.length) }, async () => {
    const session = await readingsSession(context, readmissions);
    for (let archive = waiting.shift(); archive; archive = waiting.shift()) {
      // Not `total += await`: that adds to what the total was before the other turn's files.
      const written = await writeReadings(session, archive);
      total += written;
      done += 1;
      context.onProgress?.('readings', done, due.length);
    }
  });
  const outcome = await Promise.allSettled(turns);
  const failed = outcome.find((o) => o.status === 'rejected');
  if (failed) throw failed.reason;
  // An archive file joined with what came after has a new name: the readings of the old one go.
  const stems = new Set(manifest.archive.map(readingsPath));
  manifest.readings = manifest.readings.filter((r) => stems.has(stem(r.path)));
  manifest.readmissions = readmissions.length;
  return total;
}

const FILES_AT_ONCE = 2;

/** A connection with the tables that a file's readings are joined with, and the registry versions already in them. */
interface ReadingsSession extends LakeContext {
  versions: Set<number>;
}

async function readingsSession(
  context: LakeContext,
  readmissions: readonly Readmission[],
): Promise<ReadingsSession> {
  const db = await context.connect();
  const session = { ...context, db, versions: new Set<number>() };
  await db.run(`
    CREATE TEMP TABLE record_outcomes (position BIGINT, codes VARCHAR, registry_version INTEGER);
    CREATE TEMP TABLE readmitted (partition INTEGER, position BIGINT, index INTEGER, via BIGINT, registry_version INTEGER);
    CREATE TEMP TABLE outcome_names (letter VARCHAR, outcome VARCHAR, reason VARCHAR);
    CREATE TEMP TABLE places (registry_version INTEGER, device_id VARCHAR, site_id VARCHAR, valid_from BIGINT, valid_to BIGINT)`);
  for (const [code, { outcome, reason }] of outcomes.entries()) {
    await db.run(`INSERT INTO outcome_names VALUES (${quoted(letterOf(code))}, '${outcome}', '${reason}')`);
  }
  const appender = await db.createAppender('readmitted');
  for (const r of readmissions) {
    appender.appendInteger(r.partition);
    appender.appendBigInt(BigInt(r.position));
    appender.appendInteger(r.index);
    appender.appendBigInt(BigInt(r.via));
    appender.appendInteger(r.registryVersion);
    appender.endRow();
  }
  appender.closeSync();
  for (const r of readmissions) await addPlaces(session, r.registryVersion);
  return session;
}

function readingsPath(archive: RangeFile): string {
  return archive.path.replace(/^archive\//, 'readings/').replace(/\.parquet$/, '');
}

/** A readings file is named after its archive file, with the generation that wrote it. */
function stem(path: string): string {
  return path.replace(/-r\d+\.parquet$/, '');
}

async function writeReadings(session: ReadingsSession, archive: RangeFile): Promise<number> {
  const { db, manifest, directory, source } = session;
  await db.run('DELETE FROM record_outcomes');
  const appender = await db.createAppender('record_outcomes');
  for await (const chunk of source.outcomes(archive.partition, archive.from - 1)) {
    if (chunk.from > archive.to) break;
    await addPlaces(session, chunk.registryVersion);
    for (const { position, codes } of lettersOf(chunk)) {
      if (position < archive.from || position > archive.to) continue;
      appender.appendBigInt(BigInt(position));
      appender.appendVarchar(codes);
      appender.appendInteger(chunk.registryVersion);
      appender.endRow();
    }
  }
  appender.closeSync();
  const path = `${readingsPath(archive)}-r${manifest.generation}.parquet`;
  const rows = parquetRows(directory, [archive.path]);
  await writeParquet(session, path, readingsSql(rows, fieldsOf(await kindsIn(db, rows))));
  const written = await countRows(db, parquetRows(directory, [path]));
  manifest.readings = manifest.readings.filter((r) => stem(r.path) !== readingsPath(archive));
  manifest.readings.push({
    path,
    partition: archive.partition,
    from: archive.from,
    to: archive.to,
    rows: written,
  });
  return written;
}

/** 'A' for the first outcome, and so on: strings unnest faster than lists of numbers. */
function letterOf(code: number): string {
  return String.fromCharCode(65 + code);
}

function* lettersOf(chunk: OutcomeChunk): Generator<{ position: number; codes: string }> {
  const { bytes } = chunk;
  const letters = Buffer.from(bytes.map((b) => b + 65)).toString('latin1');
  let at = 0;
  for (let position = chunk.from; position <= chunk.to; position++) {
    let n = 0;
    let shift = 0;
    let byte: number;
    do {
      byte = bytes[at++]!;
      n |= (byte & 0x7f) << shift;
      shift += 7;
    } while (byte >= 0x80);
    yield { position, codes: letters.slice(at, at + n) };
    at += n;
  }
}

/** Where each device stood, as the registry knew it at a version. */
async function addPlaces({ db, registry, versions }: ReadingsSession, version: number): Promise<void> {
  if (versions.has(version)) return;
  versions.add(version);
  const view = await registry.view(version);
  const appender = await db.createAppender('places');
  for (const { body, validFrom, validTo } of view.history('installation')) {
    appender.appendInteger(version);
    appender.appendVarchar(body.deviceId);
    appender.appendVarchar(body.siteId);
    appender.appendBigInt(BigInt(validFrom));
    appender.appendBigInt(Number.isFinite(validTo) ? BigInt(validTo) : 9_000_000_000_000_000n);
    appender.endRow();
  }
  appender.closeSync();
}

/** Kinds whose name stands in these payloads; all of them where one may be written with escapes. */
async function kindsIn(db: DuckDBConnection, archiveRows: string): Promise<readonly ReadingKind[]> {
  const stands = (text: string) => `bool_or(contains(payload, ${quoted(text)}))`;
  const asked = [...readingKinds.map((k) => stands(k.kind)), stands('\\u')];
  const result = await db.runAndReadAll(
    `SELECT ${asked.join(', ')} FROM (SELECT try(decode(payload)) AS payload FROM ${archiveRows})`,
  );
  const found = result.getRows()[0]!;
  return found.at(-1) ? readingKinds : readingKinds.filter((_, i) => found[i]);
}

/** Only the fields these kinds have: reading JSON for forty that are not there would cost three times as much. */
function fieldsOf(kinds: readonly ReadingKind[]): typeof readingFields {
  const names = new Set(['kind', 'observedAt', ...kinds.flatMap((k) => fieldNames(k))]);
  return readingFields.filter(([wire]) => names.has(wire));
}

const notJson = letterOf(rejectedAs('not-json'));

function readingsSql(archiveRows: string, fields: typeof readingFields): string {
  const spec = JSON.stringify([Object.fromEntries(fields.map(([wire, , type]) => [wire, type]))]);
  const columns = fields
    .filter(([, column]) => column !== 'observed_at')
    .map(([wire, column]) => {
      const value = `item."${wire}"`;
      return wholeColumns.includes(column)
        ? `try_cast(${value} AS BIGINT) AS ${column}`
        : `${value} AS ${column}`;
    });
  return `
    WITH records AS (
      SELECT a.partition, a.position, a.device_id, a.received_at, a.domain, o.registry_version, o.codes,
        CASE WHEN o.codes = '${notJson}' THEN NULL ELSE try(decode(a.payload)) END AS text
      FROM ${archiveRows} a JOIN record_outcomes o USING (position)
      LEFT JOIN places p ON p.device_id = a.device_id AND p.registry_version = o.registry_version
        AND a.received_at >= ${instantSql('p.valid_from')} AND a.received_at < ${instantSql('p.valid_to')}
      WHERE length(o.codes) > 0
      -- Site then time, by whole messages: a device's readings are in its own order already.
      ORDER BY p.site_id, a.device_id, a.position),
    found AS (
      SELECT * EXCLUDE (text, codes),
        -- What DuckDB can not read as JSON gives no items: its readings stand with their outcomes alone.
        unnest(try(from_json(CASE WHEN starts_with(ltrim(text, E' \\t\\n\\r'), '[') THEN text ELSE '[' || text || ']' END, ${quoted(spec)}))) AS item,
        unnest(string_split(codes, '')) AS letter,
        unnest(range(length(codes)))::INTEGER AS index
      FROM records),
    read AS (
      SELECT f.* EXCLUDE (item), item, try_cast(upper(item."observedAt") AS TIMESTAMPTZ) AS observed_at FROM found f)
    SELECT r.partition, r.position, r.index, r.device_id, r.received_at, r.domain, n.outcome, n.reason,
      CASE WHEN n.outcome IN ('counted', 'duplicate', 'restated') THEN p.site_id END AS site_id, m.via, r.observed_at,
      ${columns.join(', ')}
    FROM read r
    LEFT JOIN outcome_names n USING (letter)
    LEFT JOIN readmitted m ON m.partition = r.partition AND m.position = r.position AND m.index = r.index
    LEFT JOIN places p ON p.device_id = r.device_id
      AND p.registry_version = coalesce(m.registry_version, r.registry_version)
      AND r.observed_at >= ${instantSql('p.valid_from')} AND r.observed_at < ${instantSql('p.valid_to')}`;
}

async function countRows(db: DuckDBConnection, rows: string): Promise<number> {
  const result = await db.runAndReadAll(`SELECT count(*)::DOUBLE AS n FROM ${rows}`);
  return result.getRowObjectsJS()[0]!.n as number;
}
