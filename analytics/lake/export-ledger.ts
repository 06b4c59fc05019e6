import type { DuckDBAppender } from '@duckdb/node-api';
import { DuckDBTimestampTZValue } from '@duckdb/node-api';
import { type LakeContext, writeParquet } from './lake-context.ts';

/** Writes the ledger and the door's counts anew: small next to the readings they count. */
export async function exportLedger(context: LakeContext): Promise<void> {
  const { db, manifest, source } = context;
  await db.run(`
    CREATE TEMP TABLE ledger_rows (partition INTEGER, device_id VARCHAR, hour_received TIMESTAMPTZ,
      hour_observed TIMESTAMPTZ, outcome VARCHAR, reason VARCHAR, readings BIGINT, late BIGINT);
    CREATE TEMP TABLE door_rows (reason VARCHAR, device_id VARCHAR, hour_received TIMESTAMPTZ, refused BIGINT)`);
  const ledger = await db.createAppender('ledger_rows');
  for await (const row of source.ledger()) {
    ledger.appendInteger(row.partition);
    ledger.appendVarchar(row.deviceId);
    appendInstant(ledger, row.hourReceived);
    appendInstant(ledger, row.hourObserved);
    ledger.appendVarchar(row.outcome);
    ledger.appendVarchar(row.reason);
    ledger.appendBigInt(BigInt(row.readings));
    ledger.appendBigInt(BigInt(row.late));
    ledger.endRow();
  }
  ledger.closeSync();
  const door = await db.createAppender('door_rows');
  for await (const row of source.door()) {
    door.appendVarchar(row.reason);
    door.appendVarchar(row.deviceId);
    appendInstant(door, row.hourReceived);
    door.appendBigInt(BigInt(row.refused));
    door.endRow();
  }
  door.closeSync();
  const g = manifest.generation;
  manifest.ledger = await writeParquet(
    context,
    `ledger/ledger-g${g}.parquet`,
    'SELECT * FROM ledger_rows ORDER BY device_id, hour_received, hour_observed',
  );
  manifest.door = await writeParquet(
    context,
    `ledger/door-g${g}.parquet`,
    'SELECT * FROM door_rows ORDER BY ALL',
  );
}

function appendInstant(appender: DuckDBAppender, at: number | null): void {
  if (at === null) appender.appendNull();
  else appender.appendTimestampTZ(new DuckDBTimestampTZValue(BigInt(at) * 1_000n));
}
