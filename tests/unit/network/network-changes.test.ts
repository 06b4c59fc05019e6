import { describe, expect, test } from 'vitest';
import { type NewRegistryChange, type RegistryView, registryView } from '#domain/registry/registry.ts';
import { networkChanges } from '#ingest/network/network-changes.ts';
import { parseNetwork } from '#ingest/network/parse-network.ts';

const march = Date.parse('2024-03-01T00:00:00Z');
const april = Date.parse('2024-04-01T00:00:00Z');

const viewOf = (changes: readonly NewRegistryChange[]): RegistryView =>
  registryView(changes.map((change, i) => ({ ...change, version: i + 1, changedAt: 0 })));
const sites = (...lines: string[]) => parseNetwork(['site_id,lanes,lat,lon', ...lines].join('\n'), 'csv');

describe('an import', () => {
  const first = networkChanges(viewOf([]), sites('a,2,52,4', 'b,2,52,4'), march);

  test('adds what is new, and the same file again changes nothing', () => {
    expect(first).toMatchObject({ added: 2, changed: 0, problems: [] });
    const view = viewOf(first.changes);
    expect(networkChanges(view, sites('b,2,52,4', 'a,2,52,4'), april, { prune: true })).toEqual({
      changes: [],
      added: 0,
      changed: 0,
      unchanged: 2,
      removed: 0,
      problems: [],
    });
  });

  test('writes only what differs; what held before keeps its valid-to', () => {
    const second = networkChanges(viewOf(first.changes), sites('a,3,52,4', 'b,2,52,4'), april);
    expect(second).toMatchObject({ changed: 1, unchanged: 1 });
    const view = viewOf([...first.changes, ...second.changes]);
    expect(
      view
        .history('site')
        .map(({ body, validFrom, validTo }) => [body.siteId, body.lanes, validFrom, validTo]),
    ).toEqual([
      ['a', 2, march, april],
      ['a', 3, april, Number.POSITIVE_INFINITY],
      ['b', 2, march, Number.POSITIVE_INFINITY],
    ]);
  });

  test('that says for good what so far ends one day is a change', () => {
    const later = networkChanges(viewOf(first.changes), sites('a,3,52,4', 'b,2,52,4'), april);
    const view = viewOf([...first.changes, ...later.changes]);
    expect(networkChanges(view, sites('a,2,52,4', 'b,2,52,4'), march)).toMatchObject({
      changed: 1,
      unchanged: 1,
    });
  });

  test('removes what is gone only when asked, and never a site where a device stands', () => {
    const view = viewOf([
      ...first.changes,
      { kind: 'link', id: 'l', validFrom: march, body: { linkId: 'l', lengthKm: 1 } },
      { kind: 'site', id: 'c', validFrom: march, body: { siteId: 'c' } },
      { kind: 'installation', id: 'd1', validFrom: march, body: { deviceId: 'd1', siteId: 'b' } },
    ]);
    expect(networkChanges(view, sites('a,2,52,4'), april).changes).toEqual([]);
    const pruned = networkChanges(view, sites('a,2,52,4'), april, { prune: true });
    expect(pruned.changes).toEqual([{ kind: 'site', id: 'c', validFrom: april, body: null }]);
    expect(pruned.problems).toEqual(['site b is not in the file, but stays: device d1 stands there']);
  });

  test('names references that lead nowhere', () => {
    const corridor = parseNetwork('corridor_id,order,site_id,km\nx,1,a,0\nx,2,ghost,1\n', 'csv');
    expect(networkChanges(viewOf(first.changes), corridor, april).problems).toEqual([
      'corridor x names site ghost, which is not known',
    ]);
  });
});
