import type { DuckDBConnection } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import type { CheckResult } from '#analytics/audit/audit-result.ts';
import { runAudit } from '#analytics/audit/run-audit.ts';
import { archive, emptyLake, record } from './right-lake.ts';

/** A reading as the lake has it: its place, its columns, and what it was called. */
interface Row {
  position: number;
  index?: number;
  via?: number;
  device?: string;
  outcome?: string;
  observed?: string;
  /** Column and SQL literal. */
  values: Record<string, string>;
}

const speed = (kmh: number) => ({
  kind: `'traffic-flow'`,
  period_s: '60',
  count: '6',
  speed_kmh: String(kmh),
});

describe('outcomes follow the order of the log within the device', () => {
  const cases: { name: string; rows: Row[] }[] = [
    {
      name: 'content that comes again after other content is a duplicate',
      rows: [
        { position: 0, outcome: 'counted', values: speed(50) },
        { position: 1, outcome: 'restated', values: speed(60) },
        { position: 2, outcome: 'duplicate', values: speed(50) },
        { position: 3, outcome: 'duplicate', values: speed(60) },
      ],
    },
    {
      name: 'new content after a duplicate is restated',
      rows: [
        { position: 0, outcome: 'counted', values: speed(50) },
        { position: 0, index: 1, outcome: 'duplicate', values: speed(50) },
        { position: 0, index: 2, outcome: 'restated', values: speed(70) },
      ],
    },
    {
      name: 'a reading that was readmitted counts from its order on',
      rows: [
        { position: 0, via: 9, outcome: 'restated', values: speed(50) },
        { position: 1, via: 9, outcome: 'duplicate', values: speed(60) },
        { position: 5, outcome: 'counted', values: speed(60) },
      ],
    },
    {
      name: 'what is finer than the fixed units is no new content',
      rows: [
        { position: 0, outcome: 'counted', values: { ...speed(50), occupancy: '0.1000001' } },
        { position: 1, outcome: 'duplicate', values: { ...speed(50.0001), occupancy: '0.1000004' } },
        { position: 2, outcome: 'restated', values: { ...speed(50), occupancy: '0.1000005' } },
      ],
    },
    {
      name: 'the count of single vehicles, of classes and a told count are the same content',
      rows: [
        {
          position: 0,
          outcome: 'counted',
          values: { kind: `'traffic-flow'`, period_s: '60', vehicles: `'[{"class":"car"},{"class":"bus"}]'` },
        },
        {
          position: 1,
          outcome: 'duplicate',
          values: { kind: `'traffic-flow'`, period_s: '60', counts: `'{"bus":1,"car":1}'` },
        },
        {
          position: 2,
          outcome: 'duplicate',
          values: { kind: `'traffic-flow'`, period_s: '60', count: '2', counts: `'{"car":1,"bus":1}'` },
        },
        {
          position: 3,
          outcome: 'restated',
          values: { kind: `'traffic-flow'`, period_s: '60', counts: `'{"car":1,"bus":1,"van":0}'` },
        },
      ],
    },
    {
      name: 'speed bins are the same content as the vehicles in their middles',
      rows: [
        {
          position: 0,
          outcome: 'counted',
          values: {
            kind: `'traffic-flow'`,
            period_s: '60',
            count: '3',
            speed_bins: `'[{"fromKmh":50,"toKmh":60,"count":1},{"fromKmh":30,"toKmh":40,"count":2},{"fromKmh":70,"toKmh":80,"count":0}]'`,
          },
        },
        {
          position: 1,
          outcome: 'duplicate',
          values: {
            kind: `'traffic-flow'`,
            period_s: '60',
            vehicles: `'[{"speedKmh":35.9},{"speedKmh":55},{"speedKmh":35}]'`,
          },
        },
        {
          position: 2,
          outcome: 'duplicate',
          values: {
            kind: `'traffic-flow'`,
            period_s: '60',
            count: '3',
            speed_bins: `'[{"fromKmh":35,"toKmh":36,"count":1},{"fromKmh":30,"toKmh":40,"count":1},{"fromKmh":50,"toKmh":60,"count":1}]'`,
          },
        },
      ],
    },
    {
      name: 'lane, direction, period and moment are part of the identity, the channel of a detector and the event too',
      rows: [
        { position: 0, outcome: 'counted', values: speed(50) },
        { position: 1, outcome: 'counted', values: { ...speed(50), lane: '2' } },
        { position: 2, outcome: 'counted', values: { ...speed(50), direction: `'N'` } },
        { position: 3, outcome: 'counted', values: { ...speed(50), period_s: '30' } },
        { position: 4, outcome: 'counted', observed: '10:00:00.001', values: speed(50) },
        {
          position: 5,
          outcome: 'counted',
          values: { kind: `'signal-event'`, event_code: '82', parameter: '4' },
        },
        {
          position: 6,
          outcome: 'counted',
          values: { kind: `'signal-event'`, event_code: '81', parameter: '4' },
        },
        {
          position: 7,
          outcome: 'duplicate',
          values: { kind: `'signal-event'`, event_code: '82', parameter: '4' },
        },
        {
          position: 8,
          outcome: 'counted',
          values: { kind: `'vehicle-position'`, vehicle_id: `'v'`, lat: '60', lon: '25' },
        },
        {
          position: 9,
          outcome: 'counted',
          values: { kind: `'vehicle-position'`, vehicle_id: `'v'`, lat: '60', lon: '25', event: `'arr'` },
        },
        {
          position: 10,
          outcome: 'restated',
          values: {
            kind: `'vehicle-position'`,
            vehicle_id: `'v'`,
            lat: '60.0000001',
            lon: '25',
            event: `'arr'`,
          },
        },
        {
          position: 11,
          outcome: 'counted',
          values: { kind: `'passenger-count'`, vehicle_id: `'v'`, door: '1', boarded: '3' },
        },
        {
          position: 12,
          outcome: 'counted',
          values: { kind: `'passenger-count'`, vehicle_id: `'v'`, door: '2', boarded: '3' },
        },
        {
          position: 13,
          outcome: 'counted',
          values: { kind: `'travel-time'`, period_s: '60', link_id: `'l'`, travel_time_s: '90' },
        },
        {
          position: 14,
          outcome: 'counted',
          values: { kind: `'travel-time'`, period_s: '60', link_id: `'m'`, travel_time_s: '90' },
        },
      ],
    },
  ];

  it.each(cases)('$name', async ({ rows }) => {
    const db = await emptyLake();
    for (const row of rows) await insert(db, row);
    expect((await check(db, 'identity')).sample).toEqual([]);
    await db.run(
      `UPDATE readings SET outcome = CASE outcome WHEN 'counted' THEN 'restated' ELSE 'counted' END`,
    );
    const { sample } = await check(db, 'identity');
    const wrong = Object.fromEntries(sample.map((d) => [d.thing, d.expected]));
    expect(wrong).toEqual(
      Object.fromEntries(rows.map((r) => [`0/${r.position}/${r.index ?? 0}`, r.outcome])),
    );
  });
});

describe('windows are what their readings make', () => {
  it('the last new content stands, at the site where that reading was made', async () => {
    const db = await emptyLake();
    await insert(db, { position: 0, outcome: 'counted', values: speed(50) });
    await insert(db, { position: 1, outcome: 'restated', values: { ...speed(60), site_id: `'t'` } });
    await insert(db, { position: 2, outcome: 'duplicate', values: speed(50) });
    // 6 vehicles at 60 km/h: 6 * 3.6e9 / 60.
    await window(
      db,
      `'t', '', 0, ${start}, 300, 1, 60, 6, 60, MAP {}, 0, 0, 360000000, 6, 0, 0, MAP {60: 6}, 'means-by-count', NULL`,
    );
    expect((await check(db, 'windows')).sample).toEqual([]);
  });

  it('classes add up, and drivers’ speeds push means aside', async () => {
    const db = await emptyLake();
    await insert(db, {
      position: 0,
      outcome: 'counted',
      values: {
        ...speed(50),
        count: '3',
        counts: `'{"car":2,"truck":1}'`,
        speed_bins: `'[{"fromKmh":40,"toKmh":50,"count":3}]'`,
      },
    });
    await insert(db, {
      position: 1,
      outcome: 'counted',
      observed: '10:01:00',
      values: {
        kind: `'traffic-flow'`,
        period_s: '60',
        vehicles: `'[{"class":"car","speedKmh":45.2},{"class":"bicycle"}]'`,
      },
    });
    await insert(db, { position: 2, outcome: 'counted', observed: '10:02:00', values: speed(0) });
    // Pace: 3 * 3.6e9 / 50; six vehicles that stand still have none.
    await window(
      db,
      `'s', '', 0, ${start}, 300, 3, 180, 11, 180, MAP {'car': 3, 'truck': 1, 'bicycle': 1}, 0, 0, 216000000, 3, 0, 0, MAP {45: 4}, 'drivers', 300`,
    );
    expect((await check(db, 'windows')).sample).toEqual([]);
  });

  it('a pace is rounded once a reading', async () => {
    const db = await emptyLake();
    await insert(db, { position: 0, outcome: 'counted', values: { ...speed(70), count: '1' } });
    await insert(db, {
      position: 1,
      outcome: 'counted',
      observed: '10:01:00',
      values: { ...speed(70), count: '5' },
    });
    // 3.6e9 / 70 = 51,428,571.43 and 5 * 3.6e9 / 70 = 257,142,857.14.
    await window(
      db,
      `'s', '', 0, ${start}, 300, 2, 120, 6, 120, MAP {}, 0, 0, ${51_428_571 + 257_142_857}, 6, 0, 0, MAP {70: 6}, 'means-by-count', 300`,
    );
    expect((await check(db, 'windows')).sample).toEqual([]);
  });

  it('a longer reading makes a window of its own, and detector-on events are actuations of their channel', async () => {
    const db = await emptyLake();
    await insert(db, {
      position: 0,
      outcome: 'counted',
      observed: '10:15:00',
      values: { kind: `'traffic-flow'`, period_s: '900', count: '86' },
    });
    await window(
      db,
      `'s', '', 0, TIMESTAMPTZ '2026-05-01 10:15:00Z', 900, 1, 900, 86, 900, MAP {}, 0, 0, 0, 0, 0, 0, MAP {}, NULL, 900`,
    );
    const event = (position: number, code: string, observed: string): Row => ({
      position,
      device: 'c',
      outcome: 'counted',
      observed,
      values: { kind: `'signal-event'`, event_code: code, parameter: '4' },
    });
    for (const row of [
      event(1, '82', '10:00:00.1'),
      event(2, '81', '10:00:00.4'),
      event(3, '82', '10:04:59.9'),
      event(4, '1', '10:01:00'),
    ]) {
      await insert(db, row);
    }
    const actuations = (lane: number, readings: number, count: string) =>
      `'signal-event', 'c', '', 's', '', ${lane}, ${start}, 300, ${readings}, 0, ${count}, 0, MAP {}, 0, 0, 0, 0, 0, 0, MAP {}, NULL, NULL, 0, ''`;
    await db.run(`INSERT INTO windows VALUES (${actuations(4, 3, '2')}), (${actuations(0, 1, 'NULL')})`);
    const { sample, examined } = await check(db, 'windows');
    expect(sample).toEqual([]);
    expect(examined).toBe(3);
  });
});

describe('a window may be missing only while it is open', () => {
  const heardUntil = async (db: DuckDBConnection, observed: string) => {
    await insert(db, { position: 0, outcome: 'counted', values: speed(50) });
    await insert(db, { position: 1, outcome: 'counted', observed, values: speed(50) });
  };

  it('while its own later readings have not passed its end by the grace', async () => {
    const db = await emptyLake();
    await heardUntil(db, '10:05:59');
    expect((await check(db, 'windows')).differences).toBe(0);
  });

  it('and is missed when they have', async () => {
    const db = await emptyLake();
    await heardUntil(db, '10:06:00');
    expect((await check(db, 'windows')).sample).toMatchObject([
      { thing: 'traffic-flow of a at s 300 s from 2026-05-01 10:00:00+00', problem: 'not published' },
    ]);
  });

  it('is missed when its recording is over', async () => {
    const db = await emptyLake();
    await insert(db, { position: 0, outcome: 'counted', values: speed(50) });
    await archive(db, [record(1, '10:02:00', '', 'end')]);
    expect((await check(db, 'windows')).differences).toBe(1);
  });

  it('is missed when live time has passed it by the idle time-out, of a live device only', async () => {
    const db = await emptyLake();
    await insert(db, { position: 0, outcome: 'counted', values: speed(50) });
    await archive(db, [{ ...record(1, '10:15:00', []), domain: 'live' }]);
    expect((await check(db, 'windows')).differences).toBe(0);
    await db.run(`UPDATE readings SET domain = 'live'`);
    expect((await check(db, 'windows')).differences).toBe(1);
    await db.run(`UPDATE archive SET received_at = received_at - INTERVAL 1 second`);
    expect((await check(db, 'windows')).differences).toBe(0);
  });
});

const start = `TIMESTAMPTZ '2026-05-01 10:00:00Z'`;

async function insert(db: DuckDBConnection, row: Row): Promise<void> {
  const columns: Record<string, string> = {
    partition: '0',
    position: String(row.position),
    index: String(row.index ?? 0),
    via: row.via === undefined ? 'NULL' : String(row.via),
    device_id: `'${row.device ?? 'a'}'`,
    received_at: `TIMESTAMPTZ '2026-05-01 10:06:00Z'`,
    domain: `'recording:test'`,
    outcome: `'${row.outcome}'`,
    reason: `''`,
    site_id: `'s'`,
    observed_at: `TIMESTAMPTZ '2026-05-01 ${row.observed ?? '10:00:00'}Z'`,
    ...row.values,
  };
  await db.run(
    `INSERT INTO readings BY NAME SELECT ${Object.entries(columns).map(([name, value]) => `${value} AS ${name}`)}`,
  );
}

async function window(db: DuckDBConnection, values: string): Promise<void> {
  await db.run(`INSERT INTO windows VALUES ('traffic-flow', 'a', '', ${values}, 0, 'published')`);
}

async function check(db: DuckDBConnection, name: string): Promise<CheckResult> {
  const { checks } = await runAudit({ connection: db });
  return checks.find((c) => c.name === name)!;
}
