import { expect, test } from 'vitest';
import { listReports } from '#analytics/notebooks/reports.ts';
import { renderReport, reportSession } from '#apps/report.ts';
import { simulatedCity } from '#device-sim/city/simulated-city.ts';
import { DAY_MS } from '#domain/instant.ts';
import { sendSimulatedPast, temporaryCity } from '../../simulation/pipeline/simulated-past.ts';

test('sensor-health judges the days that no night has worked, and names the sensor that fell silent', async () => {
  const from = Date.UTC(2026, 2, 9);
  const to = from + 2 * DAY_MS;
  const city = simulatedCity({ seed: 3, sensors: 20 });
  const dead = city.sensors[5]!;
  const silent = {
    faultId: 'dead',
    kind: 'silent' as const,
    deviceIds: [dead.deviceId],
    from: from + DAY_MS,
    to,
  };
  const data = temporaryCity(city);
  try {
    await sendSimulatedPast(data, { city, from, to, faults: [silent] });
    const { path } = (await listReports()).find((r) => r.name === 'sensor-health')!;
    const asked = { city, path, parameters: { from: '2026-03-09', to: '2026-03-11' } };
    const judged: [number, number][] = [];
    const connection = await reportSession(data, { ...asked, onProgress: (n, of) => judged.push([n, of]) });
    expect(judged.at(-1)).toEqual([2, 2]);
    const { html, errors } = await renderReport({ ...asked, connection });
    connection.closeSync();
    expect(errors).toEqual([]);
    const text = html
      .replace(/<(style|svg|details)[\s\S]*?<\/\1>/g, ' ')
      .replace(/<[^>]+>/g, ' ')
      .replace(/[\s\u00a0]+/g, ' ');
    expect(text).toContain('On Tuesday 10 March 2026');
    expect(text).toMatch(
      new RegExp(`1 ${dead.deviceId}: .{0,60}silent nothing from 00:00 to 24:00 Tue 10 Mar`),
    );
    expect(text).not.toContain('Not judged yet');

    const again = await reportSession(data, { ...asked, onProgress: (n, of) => judged.push([n, of]) });
    again.closeSync();
    expect(judged).toHaveLength(1);
  } finally {
    data.remove();
  }
}, 120_000);
