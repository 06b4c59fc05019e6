import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scats } from '#ingest/recordings/scats.ts';
import { recording } from '../../shared-data.ts';
import { caveatNamed, firstMisfit, sentBy } from './recorded.ts';

const folder = 'road/scats-melbourne';

describe('the SCATS volumes of Boroondara', () => {
  test('sends 96 volumes of each row, and not one vehicle is lost', async (context) => {
    const path = recording(context, folder);
    const { messages, readings } = await sentBy(await scats.open(path, {}));
    const lines = (await readFile(join(path, 'scats_boroondara_2006-10-01_to_21.csv'), 'utf8'))
      .split(/\r?\n/)
      .slice(2)
      .filter((line) => line !== '')
      .map((line) => line.split(','));
    const vehicles = lines.reduce(
      (sum, cells) => sum + cells.slice(10, 106).reduce((s, v) => s + Number(v), 0),
      0,
    );
    expect(lines).toHaveLength(2_896);
    expect(readings).toHaveLength(2_896 * 96);
    expect(readings.reduce((sum, r) => sum + (r.count as number), 0)).toBe(vehicles);
    expect(firstMisfit(messages)).toBeUndefined();
    // Each under its true key: no two readings share device and time.
    expect(new Set(readings.map((r) => `${r.deviceId} ${r.at}`)).size).toBe(2_896 * 96);
    let last = new Map<string, number>();
    expect(
      readings.every(({ deviceId, at }) => {
        const inOrder = at > (last.get(deviceId) ?? 0);
        last = last.set(deviceId, at);
        return inOrder;
      }),
    ).toBe(true);
  });

  test('reads Melbourne standard time: summer time began only on 29 October that year', async (context) => {
    const { readings } = await sentBy(await scats.open(recording(context, folder), {}));
    const of = (deviceId: string, observedAt: string) =>
      readings.find((r) => r.deviceId === deviceId && r.at === Date.parse(observedAt))?.count;
    expect(of('0970-1', '2006-10-01T00:00:00+10:00')).toBe(86);
    expect(of('0970-1', '2006-10-01T23:45:00+10:00')).toBe(34);
    expect(of('0970-1', '2006-10-02T00:15:00+10:00')).toBe(28);
    expect(of('3685-5', '2006-10-10T17:45:00+10:00')).toBe(636);
  });

  test('keeps two detectors under one label apart, and gives zero coordinates no position', async (context) => {
    const opened = await scats.open(recording(context, folder), {});
    const { sites } = opened.registry;
    expect(sites).toHaveLength(140);
    expect(sites.find((s) => s.siteId === '4335-2')?.position).toEqual({ lat: -37.80624, lon: 145.03518 });
    expect(sites.find((s) => s.siteId === '4335-6')?.position).toEqual({ lat: -37.80619, lon: 145.03532 });
    expect(sites.filter((s) => !s.position).map((s) => s.siteId)).toEqual(['4266-1']);
    expect(caveatNamed(opened, 'no-position')).toMatchObject({
      count: 1,
      examples: ['4266-1 (AUBURN_RD N of BURWOOD_RD)'],
    });
    expect(caveatNamed(opened, 'shared-label')?.examples).toEqual([
      'HIGH_ST NE of CHARLES_ST is 4335-2 and 4335-6',
    ]);
  });
});
