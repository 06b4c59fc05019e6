import { expect, it } from 'vitest';
import { runAudit } from '#analytics/audit/run-audit.ts';
import { lakeSession } from '#apps/lake-session.ts';
import { HOUR_MS } from '#domain/instant.ts';
import { readSegmentLog } from '#infra/log/read-segment-log.ts';
import { device, domain, end, messages, startAt } from './every-kind.ts';
import { processedCity } from './processed-city.ts';

it('readings of every kind, moved, broken, late, restated and readmitted, come to what the audit makes of them', async () => {
  const city = processedCity();
  try {
    const loop = messages('loop', 1, 300);
    const camera = messages('camera', 2, 300);
    const stranger = messages('stranger', 3, 120);
    await city.step(
      [
        ...device('loop', { periodS: 60, lanes: [1, 2] }),
        ...device('camera', { periodS: 60, directions: ['N'] }),
      ],
      [...loop.slice(0, 150), ...camera.slice(0, 150), ...stranger],
    );
    // The camera is moved in the middle of an hour; the stranger turns out to belong.
    const moved = { deviceId: 'camera', siteId: 'elsewhere', periodS: 300 };
    await city.step(
      [
        { kind: 'installation', id: 'camera', validFrom: startAt + 4 * HOUR_MS + 130_000, body: moved },
        ...device('stranger', { periodS: 60 }),
      ],
      [...loop.slice(150), ...camera.slice(150), ...readmitAll(city, 'stranger')],
    );
    await city.step([], [end('loop'), end('camera')]);

    const connection = await lakeSession(city);
    const segments = await readSegmentLog({ directory: city.logPath });
    const checkpoints = city.db.prepare('SELECT partition, position FROM checkpoints').all() as never;
    const result = await runAudit({ connection, segments, checkpoints });
    await segments.close();
    const outcomes = await connection.runAndReadAll(
      `SELECT DISTINCT concat_ws(' ', outcome, nullif(reason, '')) AS o FROM readings ORDER BY o`,
    );
    connection.closeSync();
    expect(outcomes.getRowsJson().flat()).toEqual([
      'counted',
      'duplicate',
      'quarantined ahead',
      'quarantined behind',
      'rejected impossible',
      'rejected not-json',
      'rejected period',
      'rejected schema',
      'rejected unknown-kind',
      'rejected unusable',
      'restated',
    ]);
    expect(result.checks.flatMap((c) => c.sample.slice(0, 5).map((d) => ({ check: c.name, ...d })))).toEqual(
      [],
    );
    expect(result).toMatchObject({ ok: true, notAuditable: [] });
  } finally {
    city.remove();
  }
});

/** Orders to judge the device's dead letters again, one a partition of them. */
function readmitAll(city: ReturnType<typeof processedCity>, deviceId: string) {
  const rows = city.db
    .prepare('SELECT DISTINCT position FROM dead_letters WHERE device_id = ? ORDER BY position')
    .all(deviceId);
  const payload = Buffer.from(JSON.stringify({ positions: rows.map((r) => r.position) }));
  return [{ type: 'readmit' as const, deviceId, receivedAt: startAt + 24 * HOUR_MS, domain, payload }];
}
