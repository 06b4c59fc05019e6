import { describe, expect, test } from 'vitest';
import { metrLa } from '#ingest/recordings/metr-la.ts';
import { recording } from '../../shared-data.ts';
import { caveatNamed, firstMisfit, sentBy } from './recorded.ts';

describe('the METR-LA week', () => {
  test('sends all 417,312 readings of 207 detectors, each device in the order of its time', async (context) => {
    const opened = await metrLa.open(recording(context, 'road/metr-la-week'), {});
    const { messages, readings } = await sentBy(opened);
    expect(readings).toHaveLength(417_312);
    expect(messages).toHaveLength(207 * 7 * 24);
    expect(firstMisfit(messages)).toBeUndefined();

    const lastOf = new Map<string, number>();
    let disordered = 0;
    let receivedBeforeItsEnd = 0;
    for (const { deviceId, at, receivedAt } of readings) {
      if (at - (lastOf.get(deviceId) ?? at - 300_000) !== 300_000) disordered++;
      lastOf.set(deviceId, at);
      const wait = receivedAt - (at + 300_000);
      if (wait < 0 || wait >= 3_600_000) receivedBeforeItsEnd++;
    }
    expect({ disordered, receivedBeforeItsEnd, devices: lastOf.size }).toEqual({
      disordered: 0,
      receivedBeforeItsEnd: 0,
      devices: 207,
    });
    expect(Math.min(...messages.map((m) => m.receivedAt))).toBe(Date.parse('2012-03-01T01:00:00-08:00'));
    expect(messages.every((m, i) => i === 0 || m.receivedAt >= messages[i - 1]!.receivedAt)).toBe(true);

    // 66.875 and 58.875 mph as the file has them, times 1.609344, by hand.
    const at = (deviceId: string, observedAt: string) =>
      readings.find((r) => r.deviceId === deviceId && r.at === Date.parse(observedAt))?.speedKmh;
    expect(at('716328', '2012-03-01T00:00:00-08:00')).toBeCloseTo(107.62488, 9);
    expect(at('769373', '2012-03-07T23:55:00-08:00')).toBeCloseTo(94.750128, 9);
  });

  test('registers sites with positions, roads and directions, and 29 corridors in driving order', async (context) => {
    const { registry, timezone } = await metrLa.open(recording(context, 'road/metr-la-week'), {});
    expect(timezone).toBe('America/Los_Angeles');
    expect(registry.sites).toHaveLength(207);
    expect(registry.sites.find((s) => s.siteId === '773869')?.position).toEqual({
      lat: 34.15497,
      lon: -118.31829,
    });
    expect(registry.sites.find((s) => s.siteId === '769403')).toMatchObject({
      road: 'US-101',
      direction: 'S',
    });
    expect(registry.installations[0]).toEqual({ deviceId: '716328', siteId: '716328', periodS: 300 });
    expect(registry.corridors).toHaveLength(29);
    expect(registry.corridors.reduce((sum, c) => sum + c.sites.length, 0)).toBe(197);
    const first = registry.corridors.find((c) => c.corridorId === 'us101-s-hollywood-downtown')!;
    expect(first.name).toBe('US-101 S, Hollywood Downtown');
    expect(first.sites.slice(0, 3)).toEqual([
      { siteId: '769403', km: 0 },
      { siteId: '769388', km: 1.26 },
      { siteId: '717481', km: 1.98 },
    ]);
  });

  test('names what was filled in before publication, about 5 % of all and 40 % of one detector', async (context) => {
    const opened = await metrLa.open(recording(context, 'road/metr-la-week'), {});
    const filled = caveatNamed(opened, 'on-straight-line')!;
    expect(filled.count / 417_312).toBeCloseTo(0.05, 2);
    expect(filled.examples[0]).toContain('40 %');
    expect(caveatNamed(opened, 'no-corridor')?.count).toBe(10);
  });
});

test('a folder without the recording is refused with what to do', async () => {
  await expect(metrLa.open(import.meta.dirname, {})).rejects.toThrow(/no METR-LA Parquet file/);
});
