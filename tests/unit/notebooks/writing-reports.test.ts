import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { renderReport } from '#apps/report.ts';
import { speedCity } from './small-cities.ts';

test('the notebook in docs/writing-reports.md renders as it stands there', async () => {
  const docs = readFileSync(resolve(import.meta.dirname, '../../../docs/writing-reports.md'), 'utf8');
  const path = join(mkdtempSync(join(tmpdir(), 'headway-notebook-')), 'mornings.md');
  writeFileSync(path, /^````markdown\n([\s\S]*?)^````$/m.exec(docs)![1]!);
  const page = await renderReport({
    connection: await speedCity(),
    city: { name: 'Kleinstadt', timezone: 'Europe/Berlin' },
    path,
    parameters: { road: 'Ring' },
  });
  expect(page.errors).toEqual([]);
  expect(page.title).toBe('Mornings on Ring');
  // One site of three at 50 km/h.
  expect(page.html).toContain('The slowest morning was Monday 4 March 2024.');
  expect(page.html).toContain('<td class="n">83</td>');
});
