import { describe, expect, it } from 'vitest';
import { canonicalExport } from '#analytics/audit/canonical-export.ts';
import { rightLake } from './right-lake.ts';

describe('the canonical export', () => {
  it('is sorted lines with sorted keys: windows, then the ledger', async () => {
    const { db } = await rightLake();
    const lines: string[] = [];
    const { windows, ledgerRows, sha256 } = await canonicalExport(db, (line) => lines.push(line));
    expect({ windows, ledgerRows }).toEqual({ windows: 2, ledgerRows: 6 });
    expect(lines).toHaveLength(8);
    expect(lines[0]).toBe(
      '{"window":{"class_counts":{},"count":32,"count_s":120,"device_id":"a","direction":"","expected_s":300,"histogram_basis":"means-by-count","kind":"traffic-flow","lane":0,"observed_s":120,"occupancy_micro_s":6000000,"occupancy_s":60,"pace_count":32,"pace_micro_s":2864000000,"readings":2,"site_id":"s","speed_histogram":{"36":20,"50":12},"speed_milli_s":0,"speed_s":0,"start_at":"2026-05-01T10:00:00.000Z","subject":"","window_s":300}}',
    );
    expect(lines.slice(2)).toEqual([
      '{"ledger":{"device_id":"a","hour_observed":null,"outcome":"quarantined","readings":1,"reason":"ahead"}}',
      '{"ledger":{"device_id":"a","hour_observed":null,"outcome":"rejected","readings":1,"reason":"not-json"}}',
      // Two of them were received in another hour than the rest.
      '{"ledger":{"device_id":"a","hour_observed":"2026-05-01T10:00:00Z","outcome":"counted","readings":3,"reason":""}}',
      '{"ledger":{"device_id":"a","hour_observed":"2026-05-01T10:00:00Z","outcome":"duplicate","readings":2,"reason":""}}',
      '{"ledger":{"device_id":"a","hour_observed":"2026-05-01T10:00:00Z","outcome":"rejected","readings":1,"reason":"impossible"}}',
      '{"ledger":{"device_id":"a","hour_observed":"2026-05-01T10:00:00Z","outcome":"restated","readings":1,"reason":""}}',
    ]);
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('does not know where a record stood, when it came, nor how often a window changed', async () => {
    const { db } = await rightLake();
    const { sha256 } = await canonicalExport(db);
    await db.run(`
      UPDATE archive SET partition = 3, position = position + 100, received_at = received_at + INTERVAL 2 hour;
      UPDATE readings SET partition = 3, position = position + 100, received_at = received_at + INTERVAL 2 hour;
      UPDATE ledger SET partition = 3, hour_received = hour_received + INTERVAL 2 hour, late = 0;
      UPDATE windows SET revision = revision + 2, reason = 'late', speed_histogram = MAP {50: 12, 36: 20}
      WHERE revision = 1`);
    expect(await canonicalExport(db)).toMatchObject({ sha256, repeats: [] });
  });

  it('tells one vehicle more', async () => {
    const { db } = await rightLake();
    const { sha256 } = await canonicalExport(db);
    await db.run('UPDATE windows SET count = count + 1');
    expect((await canonicalExport(db)).sha256).not.toBe(sha256);
  });

  it('lists readings that a producer sent again apart', async () => {
    const { db } = await rightLake();
    const { sha256 } = await canonicalExport(db);
    await db.run(`
      INSERT INTO archive SELECT * REPLACE (7 AS position) FROM archive WHERE position = 4;
      INSERT INTO readings SELECT * REPLACE (7 AS position, 'duplicate' AS outcome) FROM readings WHERE position = 4;
      UPDATE ledger SET readings = 2 WHERE hour_received = '2026-05-01 11:00:00Z' AND outcome = 'duplicate'`);
    expect(await canonicalExport(db)).toMatchObject({
      sha256,
      repeats: [
        {
          deviceId: 'a',
          hourObserved: '2026-05-01T10:00:00Z',
          outcome: 'duplicate',
          reason: '',
          readings: 1,
        },
      ],
    });
  });
});
