import { describe, expect, test } from 'vitest';
import { atspm } from '#ingest/recordings/atspm.ts';
import { recording } from '../../shared-data.ts';
import { firstMisfit, sentBy } from './recorded.ts';

describe('the signal events of Oregon', () => {
  test('sends all 246,413 events, the 496 exact repeats among them', async (context) => {
    const opened = await atspm.open(recording(context, 'road/atspm-odot'), {});
    const { messages, readings } = await sentBy(opened);
    expect(readings).toHaveLength(246_413);
    const distinct = new Set(readings.map((r) => `${r.deviceId}/${r.at}/${r.eventCode}/${r.parameter}`));
    expect(readings.length - distinct.size).toBe(496);
    expect(firstMisfit(messages)).toBeUndefined();
    expect(Math.max(...messages.map((m) => m.readings))).toBeLessThanOrEqual(1_000);
    expect(Math.max(...messages.map((m) => Buffer.byteLength(m.payload)))).toBeLessThan(256 * 1_024);
    expect(opened.caveats()).toEqual([]);

    const byDevice = Map.groupBy(readings, (r) => r.deviceId);
    expect([...byDevice].map(([id, all]) => [id, all.length]).sort()).toEqual([
      ['227', 88_946],
      ['452', 60_552],
      ['454', 96_915],
    ]);
    for (const all of byDevice.values())
      expect(all.every((r, i) => i === 0 || r.at >= all[i - 1]!.at)).toBe(true);
    expect(byDevice.get('227')!.slice(0, 2)).toMatchObject([
      { kind: 'signal-event', at: Date.parse('2024-05-13T15:00:00-07:00'), eventCode: 82, parameter: 27 },
      { at: Date.parse('2024-05-13T15:00:00-07:00'), eventCode: 82, parameter: 5 },
    ]);
    // A tenth of a second, and one of the few events printed finer.
    expect(readings.some((r) => r.observedAt === '2024-05-13T22:37:26.500Z' && r.parameter === 46)).toBe(
      true,
    );
    expect(readings.some((r) => r.observedAt === '2024-05-13T22:01:41.543Z' && r.eventCode === 400)).toBe(
      true,
    );
  });

  test('registers the three controllers that speak, where they stand', async (context) => {
    const { registry } = await atspm.open(recording(context, 'road/atspm-odot'), {});
    expect(registry.sites).toEqual([
      {
        siteId: '227',
        name: 'OR224_Milwaukie Express @ Harrison',
        position: { lat: 45.44652, lon: -122.63229 },
      },
      { siteId: '452', name: 'OR212 @ Evelyn St/102nd Ave', position: { lat: 45.40769, lon: -122.55865 } },
      { siteId: '454', name: 'OR212@ 130th', position: { lat: 45.40905, lon: -122.53042 } },
    ]);
    expect(registry.installations.every((i) => i.periodS === undefined)).toBe(true);
  });
});
