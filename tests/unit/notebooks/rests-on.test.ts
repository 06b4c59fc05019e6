import type { DuckDBConnection } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { renderNotebook } from '#analytics/notebooks/render-notebook.ts';
import { speedCity } from './small-cities.ts';

let connection: DuckDBConnection;
beforeAll(async () => {
  connection = await speedCity();
});
afterAll(() => connection.closeSync());

async function foot(parameters: Record<string, string> = {}, asOf = '2024-03-05T23:00:00Z'): Promise<string> {
  const { html } = await renderNotebook({
    source: `---
title: T
parameters:
  - { name: from, type: date, default: '2024-03-04' }
  - { name: to, type: date, default: '2024-03-06' }
---
`,
    path: '/somewhere/t.md',
    connection,
    parameters,
    city: { name: 'Kleinstadt', timezone: 'Europe/Berlin' },
    asOf: Date.parse(asOf),
  });
  return /<section class="rests-on">([\s\S]*)<\/section>/.exec(html)![1]!;
}

test('received is the sum of the outcomes, untrusted times by the hour of receipt', async () => {
  const html = await foot();
  // 1,000 + 20 + 3 + 5 observed in the period, 7 + 2 without a trusted time received in it.
  expect(html).toContain(
    '1,037 received = 1,000 counted + 20 duplicate + 3 restated + 7 rejected + 7 quarantined',
  );
  expect(1_000 + 20 + 3 + 7 + 7).toBe(1_037);
  expect(html).toMatch(/Rejected: schema<\/td><td class="n">5<\/td><td class="n">0<\/td>/);
  expect(html).toMatch(/Rejected: not-json<\/td><td class="n">0<\/td><td class="n">2<\/td>/);
  expect(html).toContain('<td class="n">1,028</td><td class="n">9</td><td class="n">1,037</td>');
  expect(html).toContain('4 of them came after their window was first published');
  expect(html).toContain('11 more readings without a trusted time were received outside this period');
});

test('period, as of, missing share, imputed share and parameters are stated', async () => {
  const html = await foot({ to: '2024-03-05' });
  expect(html).toContain('Monday 4 March 2024, in the time of Kleinstadt (Europe/Berlin)');
  expect(html).toContain('Wednesday 6 March 2024, 00:00');
  expect(html).toContain('0% (72 sensor-hours due, 72 observed)');
  expect(html).toContain('no value in this report was filled in or estimated');
  expect(html).toContain('from = 2024-03-04T00:00:00+01:00 (default); to = 2024-03-05T00:00:00+01:00');
});

test('a period that is not over says so', async () => {
  expect(await foot({}, '2024-03-05T12:00:00Z')).toContain('the period was not over yet');
});

test('a period without readings says so', async () => {
  const html = await foot({ from: '2023-01-01', to: '2023-01-02' });
  expect(html).toContain('No readings were received for this period.');
});
