import type { DuckDBConnection } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { runAudit } from '#analytics/audit/run-audit.ts';
import { archive, record, rightLake } from './right-lake.ts';

describe('a period without archive', () => {
  it('is not auditable: named with its positions and time, and its figures are not compared', async () => {
    const { db } = await rightLake();
    await lose(db, 'position IN (3, 4)');
    const result = await runAudit({ connection: db });
    expect(result).toMatchObject({ ok: false, auditable: false, corrupt: [] });
    expect(result.notAuditable).toEqual([
      {
        partition: 0,
        from: 3,
        to: 4,
        receivedFrom: '2026-05-01T10:08:00Z',
        receivedTo: '2026-05-01T11:00:50Z',
        corruption: null,
      },
    ]);
    expect(result.checks.filter((c) => c.differences > 0)).toEqual([]);
    expect(result.deviceHoursNotAudited).toBe(1);
  });

  it('excuses no other device and no other hour', async () => {
    const { db } = await rightLake();
    await archive(db, [{ ...record(7, '11:02:00', { kind: 'x' }, 'telemetry', 'b') }]);
    await db.run(`INSERT INTO readings BY NAME SELECT 0 AS partition, 7 AS position, 0 AS index, 'b' AS device_id,
        TIMESTAMPTZ '2026-05-02 11:02:00Z' AS received_at, 'rejected' AS outcome, 'unknown-kind' AS reason;
      UPDATE archive SET received_at = '2026-05-02 11:02:00Z' WHERE position = 7;
      INSERT INTO ledger VALUES (0, 'b', '2026-05-02 11:00:00Z', NULL, 'rejected', 'unknown-kind', 2, 0)`);
    await lose(db, 'position IN (3, 4)');
    const { checks } = await runAudit({ connection: db });
    expect(checks.filter((c) => c.differences > 0).map((c) => c.name)).toEqual(['ledger', 'ledger-sum']);
  });

  it('at the end of the log is known by the checkpoint', async () => {
    const { db } = await rightLake();
    await lose(db, 'position >= 3');
    expect((await runAudit({ connection: db })).auditable).toBe(true);
    const { notAuditable } = await runAudit({ connection: db, checkpoints: [{ partition: 0, position: 6 }] });
    expect(notAuditable).toMatchObject([
      { from: 3, to: 6, receivedFrom: '2026-05-01T10:08:00Z', receivedTo: null },
    ]);
  });
});

describe('positions that the log lost', () => {
  const corrupt = [{ partition: 0, from: 7, to: 8, detail: 'segment 0 from byte 900 to 1200' }];

  it('are named, and are no loss to the audit: processing stepped over them too', async () => {
    const { db } = await rightLake();
    await archive(db, [record(9, '11:03:00', '', 'end')]);
    const result = await runAudit({ connection: db, corrupt });
    expect(result).toMatchObject({ ok: true, notAuditable: [] });
    expect(result.corrupt).toMatchObject([{ from: 7, to: 8, corruption: 'segment 0 from byte 900 to 1200' }]);
  });

  it('are a period without archive where the ledger counts readings of them', async () => {
    const { db } = await rightLake();
    await archive(db, [record(9, '11:03:00', '', 'end')]);
    await db.run(
      `UPDATE ledger SET readings = 4 WHERE hour_received = '2026-05-01 11:00:00Z' AND outcome = 'counted'`,
    );
    expect((await runAudit({ connection: db, corrupt })).notAuditable).toMatchObject([{ from: 7, to: 8 }]);
  });

  it('are read off the log itself', async () => {
    const { db } = await rightLake();
    await lose(db, 'position = 2');
    await db.run(`DELETE FROM ledger WHERE reason = 'not-json'`);
    const log = {
      partitions: 1,
      starts: async () => [2],
      ends: async () => [2],
      async *read() {
        yield { partition: 0, records: [], corrupt: [{ from: 2, to: 2, detail: 'a bad sector' }] };
      },
    };
    const result = await runAudit({ connection: db, segments: log });
    expect(result).toMatchObject({ ok: true, corrupt: [{ from: 2, to: 2, corruption: 'a bad sector' }] });
  });
});

describe('how many readings a payload holds', () => {
  it.each([
    ['an array', '[{},{}]', 2],
    ['an empty array', '[]', 0],
    ['an object', '{"kind":"x"}', 1],
    ['a number', '5', 1],
    ['nothing', '', 1],
    ['half a message', '[{"kind":"traffic-flow"},{', 1],
    ['a comma too many', '[{},{},]', 1],
    ['a number that is none', '[NaN, NaN, NaN]', 1],
    ['such words inside a string', '["NaN", ",]"]', 2],
  ])('%s', async (_, payload, readings) => {
    const { db } = await rightLake();
    await archive(db, [record(7, '11:02:00', payload)]);
    const put = async (n: number) => {
      const reason = readings === 1 && !payload.startsWith('{') && payload !== '5' ? 'not-json' : 'schema';
      await db.run(`DELETE FROM readings WHERE position = 7;
        INSERT INTO readings BY NAME SELECT 0 AS partition, 7 AS position, i AS index, 'a' AS device_id,
          TIMESTAMPTZ '2026-05-01 11:02:00Z' AS received_at, 'rejected' AS outcome, '${reason}' AS reason FROM range(${n}) t(i)`);
      const { checks } = await runAudit({ connection: db });
      return checks.find((c) => c.name === 'payload-readings')!.differences;
    };
    expect(await put(readings)).toBe(0);
    expect(await put(readings + 1)).toBe(1);
  });
});

async function lose(db: DuckDBConnection, where: string): Promise<void> {
  await db.run(`DELETE FROM archive WHERE ${where}; DELETE FROM readings WHERE ${where}`);
}
