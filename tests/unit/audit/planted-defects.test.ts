import { describe, expect, it } from 'vitest';
import type { AuditResult } from '#analytics/audit/audit-result.ts';
import { runAudit } from '#analytics/audit/run-audit.ts';
import { rightLake } from './right-lake.ts';

describe('an audit of a lake in which everything is right', () => {
  it('finds no difference, having looked at every record, reading, window and ledger row', async () => {
    const { db, log } = await rightLake();
    const result = await runAudit({ connection: db, segments: log });
    expect(result.checks.filter((c) => c.differences > 0)).toEqual([]);
    expect(result).toMatchObject({
      ok: true,
      auditable: true,
      openWindows: 0,
      notAuditable: [],
      corrupt: [],
    });
    expect(Object.fromEntries(result.checks.map((c) => [c.name, c.examined]))).toEqual({
      'archive-segments': 7,
      'archive-checksums': 7,
      'payload-readings': 9,
      clock: 8,
      identity: 6,
      windows: 2,
      ledger: 8,
      'ledger-sum': 2,
      hourly: 1,
    });
  });

  it('says by observed hour what was promised, observed and missing', async () => {
    const { db } = await rightLake();
    const { promisedHours } = await runAudit({ connection: db });
    // Owed from the first window to the end of the last: 10:00 to 10:10.
    expect(promisedHours).toEqual([
      { hourAt: '2026-05-01T10:00:00Z', expectedS: 600, observedS: 180, missingS: 420 },
    ]);
  });
});

interface Defect {
  planted: string;
  sql: string;
  /** The checks that must find something, and no others. */
  found: string[];
  /** Of the first of them. */
  thing: string;
  problem?: string;
  expected?: string | null;
  is?: string | null;
}

const firstWindow = 'traffic-flow of a at s 300 s from 2026-05-01 10:00:00+00';
const inFirst = `start_at = '2026-05-01 10:00:00Z'`;

const defects: Defect[] = [
  {
    planted: 'a reading without an outcome',
    sql: `DELETE FROM readings WHERE position = 1 AND index = 2`,
    found: ['payload-readings', 'ledger'],
    thing: '0/1',
    problem: 'readings without an outcome',
    expected: '3',
    is: '2',
  },
  {
    planted: 'a reading with two outcomes',
    sql: `INSERT INTO readings SELECT * FROM readings WHERE position = 5`,
    found: ['payload-readings', 'ledger'],
    thing: '0/5',
    problem: 'more outcomes than readings',
  },
  {
    planted: 'an index twice in place of another',
    sql: `UPDATE readings SET index = 1 WHERE position = 1 AND index = 2`,
    found: ['payload-readings'],
    thing: '0/1',
    is: '[0, 1, 1]',
  },
  {
    planted: 'an outcome that does not exist',
    sql: `UPDATE readings SET reason = 'tired' WHERE position = 1 AND index = 2;
      UPDATE ledger SET reason = 'tired' WHERE reason = 'impossible'`,
    found: ['payload-readings'],
    thing: '0/1',
    problem: 'an outcome that is not on the list',
  },
  {
    planted: 'a duplicate called counted',
    sql: `UPDATE readings SET outcome = 'counted' WHERE position = 3;
      DELETE FROM ledger WHERE hour_received = '2026-05-01 11:00:00Z' AND outcome = 'duplicate';
      UPDATE ledger SET readings = 2 WHERE hour_received = '2026-05-01 11:00:00Z' AND outcome = 'counted'`,
    found: ['identity'],
    thing: '0/3/0',
    expected: 'duplicate',
    is: 'counted',
  },
  {
    planted: 'a sound clock quarantined',
    sql: `UPDATE readings SET outcome = 'quarantined', reason = 'behind' WHERE position = 1 AND index = 2;
      UPDATE ledger SET outcome = 'quarantined', reason = 'behind', hour_observed = NULL WHERE reason = 'impossible'`,
    found: ['clock'],
    thing: '0/1/2',
    expected: 'in bounds',
    is: 'behind',
  },
  {
    planted: 'a clock ahead let pass',
    sql: `UPDATE readings SET outcome = 'rejected', reason = 'period' WHERE position = 5;
      UPDATE ledger SET outcome = 'rejected', reason = 'period', hour_observed = '2099-01-01 00:00:00Z' WHERE reason = 'ahead'`,
    found: ['clock'],
    thing: '0/5/0',
    expected: 'ahead',
    is: 'in bounds',
  },
  {
    planted: 'one vehicle more in a window',
    sql: `UPDATE windows SET count = 33 WHERE ${inFirst}; UPDATE hourly SET count = 33`,
    found: ['windows'],
    thing: firstWindow,
    problem: 'count',
    expected: '32',
    is: '33',
  },
  {
    planted: 'a microsecond more of pace',
    sql: `UPDATE windows SET pace_micro_s = pace_micro_s + 1 WHERE ${inFirst}; UPDATE hourly SET pace_micro_s = pace_micro_s + 1`,
    found: ['windows'],
    thing: firstWindow,
    problem: 'pace_micro_s',
    expected: '2864000000',
    is: '2864000001',
  },
  {
    planted: 'a vehicle in the next bin',
    sql: `UPDATE windows SET speed_histogram = MAP {36: 19, 37: 1, 50: 12} WHERE ${inFirst}`,
    found: ['windows'],
    thing: firstWindow,
    problem: 'speed_histogram at 36 km/h',
    expected: '20',
    is: '19',
  },
  {
    planted: 'another basis',
    sql: `UPDATE windows SET histogram_basis = 'drivers' WHERE ${inFirst}`,
    found: ['windows'],
    thing: firstWindow,
    problem: 'histogram_basis',
    expected: 'means-by-count',
    is: 'drivers',
  },
  {
    planted: 'a class that nobody saw',
    sql: `UPDATE windows SET class_counts = MAP {'truck': 1} WHERE ${inFirst}`,
    found: ['windows'],
    thing: firstWindow,
    problem: 'class_counts',
    expected: null,
  },
  {
    planted: 'a promise that nobody made',
    sql: `UPDATE windows SET expected_s = NULL WHERE ${inFirst}; UPDATE hourly SET expected_s = 300`,
    found: ['windows'],
    thing: firstWindow,
    problem: 'expected_s',
    expected: '300',
    is: null,
  },
  {
    planted: 'a window at another site',
    sql: `UPDATE windows SET site_id = 'z' WHERE ${inFirst}; UPDATE hourly SET windows = 1, readings = 1, observed_s = 60,
        count = NULL, count_s = 0, occupancy_micro_s = 0, occupancy_s = 0, pace_micro_s = 0, pace_count = 0, expected_s = 300;
      INSERT INTO hourly VALUES ('traffic-flow', 'z', '', 0, '2026-05-01 10:00:00Z', 1, 2, 120, 32, 120, 6000000, 60,
        2864000000, 32, 0, 0, 300)`,
    found: ['windows'],
    thing: firstWindow,
    problem: 'not published',
    expected: '2 readings',
    is: null,
  },
  {
    planted: 'a ledger row lost',
    sql: `DELETE FROM ledger WHERE outcome = 'restated'`,
    found: ['ledger', 'ledger-sum'],
    thing: 'device a in partition 0, received 2026-05-01 10:00:00+00, observed 2026-05-01 10:00:00+00',
    problem: 'restated',
    expected: '1',
    is: '0',
  },
  {
    planted: 'a reading in the wrong row of the ledger',
    sql: `UPDATE ledger SET hour_observed = '2026-05-01 09:00:00Z' WHERE outcome = 'restated'`,
    found: ['ledger'],
    thing: 'device a in partition 0, received 2026-05-01 10:00:00+00, observed 2026-05-01 09:00:00+00',
    expected: '0',
    is: '1',
  },
  {
    planted: 'a roll-up that misses a second',
    sql: `UPDATE hourly SET observed_s = 179`,
    found: ['hourly'],
    thing: 'traffic-flow at s 2026-05-01 10:00:00+00',
    problem: 'observed_s',
    expected: '180',
    is: '179',
  },
  {
    planted: 'a byte of a payload altered, its checksum not',
    sql: `UPDATE archive SET payload = encode(replace(decode(payload), '"count":12', '"count":13')) WHERE position = 1`,
    found: ['archive-segments', 'archive-checksums'],
    thing: '0/1',
    problem: 'another payload',
  },
  {
    planted: 'a byte of a payload altered, and its checksum with it',
    sql: `UPDATE archive SET payload = encode(replace(decode(payload), '"count":12', '"count":13')) WHERE position = 1;
      UPDATE archive SET payload_md5 = md5(payload)`,
    found: ['archive-segments'],
    thing: '0/1',
    problem: 'another payload',
  },
  {
    planted: 'a record dated anew',
    sql: `UPDATE archive SET received_at = received_at + INTERVAL 1 second WHERE position = 4`,
    found: ['archive-segments'],
    thing: '0/4',
    problem: 'received at another time',
  },
  {
    planted: 'a record archived twice',
    sql: `INSERT INTO archive SELECT * FROM archive WHERE position = 6`,
    found: ['archive-checksums'],
    thing: '0/6',
    problem: 'archived more than once',
  },
];

describe('an audit names what was planted, and nothing else', () => {
  it.each(defects)('$planted', async ({ sql, found, thing, problem, expected, is }) => {
    const { db, log } = await rightLake();
    await db.run(sql);
    const result = await runAudit({ connection: db, segments: log });
    expect(result.ok).toBe(false);
    expect(failing(result)).toEqual(found);
    const first = result.checks.find((c) => c.name === found[0])!.sample[0]!;
    expect(first.thing).toBe(thing);
    if (problem !== undefined) expect(first.problem).toBe(problem);
    if (expected !== undefined) expect(first.expected).toBe(expected);
    if (is !== undefined) expect(first.found).toBe(is);
  });

  it('a record that is in the log and not in the archive', async () => {
    const { db, log } = await rightLake();
    await db.run('DELETE FROM archive WHERE position = 3; DELETE FROM readings WHERE position = 3');
    const result = await runAudit({ connection: db, segments: log });
    expect(failing(result)).toEqual(['archive-segments']);
    expect(result.checks[0]!.sample).toMatchObject([
      { thing: '0/3', problem: 'in the log, not in the archive', found: null },
    ]);
    expect(result.notAuditable).toMatchObject([{ partition: 0, from: 3, to: 3 }]);
  });
});

function failing(result: AuditResult): string[] {
  return result.checks.filter((c) => c.differences > 0).map((c) => c.name);
}
