import { expect, test } from 'vitest';
import { networkImport } from '#apps/import-network.ts';
import { ALWAYS, type NewRegistryChange, registryView } from '#domain/registry/registry.ts';
import { parseNetwork } from '#ingest/network/parse-network.ts';

const now = Date.UTC(2026, 6, 1);
const usual = { from: undefined, now, prune: false };

function viewAfter(...steps: readonly NewRegistryChange[][]) {
  return registryView(steps.flat().map((c, i) => ({ ...c, version: i + 1, changedAt: 0 })));
}

test('what is new holds always, so that a recorded past has its sites', () => {
  const { changes } = networkImport(viewAfter(), parseNetwork('site_id,name\n1,North\n', 'csv'), usual);
  expect(changes).toMatchObject([{ kind: 'site', id: '1', validFrom: ALWAYS }]);
});

test('the same file again changes nothing', () => {
  const parsed = parseNetwork('site_id,name\n1,North\n2,South\n', 'csv');
  const first = networkImport(viewAfter(), parsed, usual);
  const again = networkImport(viewAfter(first.changes), parsed, usual);
  expect(again).toMatchObject({ changes: [], added: 0, changed: 0, unchanged: 2, removed: 0 });
});

test('what differs holds from now on, and before as it was', () => {
  const first = networkImport(viewAfter(), parseNetwork('site_id,speed_limit_kmh\n1,50\n', 'csv'), usual);
  const before = viewAfter(first.changes);
  const second = networkImport(before, parseNetwork('site_id,speed_limit_kmh\n1,30\n', 'csv'), usual);
  const view = viewAfter(first.changes, second.changes);
  expect(view.at('site', '1', now - 1)?.speedLimitKmh).toBe(50);
  expect(view.at('site', '1', now)?.speedLimitKmh).toBe(30);
});

test('a site that was pruned and comes back holds from its return, not before', () => {
  const both = parseNetwork('site_id\n1\n2\n', 'csv');
  const one = parseNetwork('site_id\n1\n', 'csv');
  const first = networkImport(viewAfter(), both, usual);
  const pruned = networkImport(viewAfter(first.changes), one, { ...usual, prune: true });
  expect(pruned.removed).toBe(1);
  const later = now + 86_400_000;
  const back = networkImport(viewAfter(first.changes, pruned.changes), both, { ...usual, now: later });
  expect(back.changes).toMatchObject([{ id: '2', validFrom: later }]);
});

test('--from holds for everything in the file', () => {
  const from = Date.UTC(2026, 0, 1);
  const { changes } = networkImport(viewAfter(), parseNetwork('site_id\n1\n', 'csv'), { ...usual, from });
  expect(changes).toMatchObject([{ validFrom: from }]);
});
