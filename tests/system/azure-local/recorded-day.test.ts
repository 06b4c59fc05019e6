import { expect, test } from 'vitest';
import { recording } from '../../shared-data.ts';
import { temporaryDirectory } from '../gateway/temporary-directory.ts';
import { oneDay, runInBothHomes } from './both-homes.ts';

test('a recorded day of METR-LA comes to the same on local Azure endpoints as embedded, and audits without a difference', async (context) => {
  const week = recording(context, 'road/metr-la-week');
  const directory = await temporaryDirectory(context);
  const { embedded, azure } = await runInBothHomes(directory, await oneDay(week, directory));
  const { windows, ledgerRows, repeats, sha256 } = azure.export;
  // 69 sensors, every 5 minutes; a ledger row a sensor and hour.
  expect({ windows, ledgerRows, repeats }).toEqual({ windows: 69 * 288, ledgerRows: 69 * 24, repeats: [] });
  expect(sha256).toBe(embedded.export.sha256);
  expect({ ok: azure.ok, differences: azure.differences }).toEqual({ ok: true, differences: 0 });
}, 240_000);
