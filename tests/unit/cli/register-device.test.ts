import { expect, test } from 'vitest';
import { type DevicePlace, registration, relocation, retirement } from '#apps/register-device.ts';
import { device } from '#domain/registry/entries.ts';
import { ALWAYS, type NewRegistryChange, registryView } from '#domain/registry/registry.ts';

const now = Date.UTC(2026, 6, 1, 10, 7);
const site = (siteId: string, name: string): NewRegistryChange => ({
  kind: 'site',
  id: siteId,
  validFrom: ALWAYS,
  body: { siteId, name },
});
const sites = [site('12', 'High Street north'), site('13', 'High Street south')];

function viewOf(...changes: readonly NewRegistryChange[]) {
  return registryView(changes.map((c, i) => ({ ...c, version: i + 1, changedAt: 0 })));
}

function place(deviceId: string, siteId: string, more: Partial<DevicePlace> = {}): DevicePlace {
  return {
    deviceId,
    siteId,
    periodS: undefined,
    lanes: undefined,
    directions: undefined,
    from: undefined,
    ...more,
  };
}

function faultOf(work: () => unknown): { message: string; detail: string; hint: string } {
  try {
    work();
  } catch (error) {
    return error as never;
  }
  throw new Error('nothing was thrown');
}

test('a new device is a live sensor with a key of 32 random bytes, at its site', () => {
  const made = registration(
    viewOf(...sites),
    place('loop-1', '12', { periodS: 60, lanes: [1, 2] }),
    undefined,
    now,
  );
  expect(device.parse(made.device)).toMatchObject({ domain: 'live', role: 'sensor' });
  expect(Buffer.from(made.device.key!, 'base64')).toHaveLength(32);
  const view = viewOf(...sites, ...made.changes);
  expect(view.at('installation', 'loop-1', now)).toEqual({
    deviceId: 'loop-1',
    siteId: '12',
    periodS: 60,
    lanes: [1, 2],
  });
});

test('the interval under way when a device is registered still counts', () => {
  const made = registration(viewOf(...sites), place('loop-1', '12'), undefined, now);
  expect(made.validFrom).toBe(Date.UTC(2026, 6, 1, 10, 0));
});

test('a device that comes back within the hour does not shorten its first life', () => {
  const first = registration(viewOf(...sites), place('loop-1', '12'), undefined, now);
  const ended = retirement(viewOf(...sites, ...first.changes), 'loop-1', now, now);
  const lived = viewOf(...sites, ...first.changes, ...ended);
  const second = registration(lived, place('loop-1', '13'), undefined, now + 60_000);
  expect(second.validFrom).toBe(now);
  const view = viewOf(...sites, ...first.changes, ...ended, ...second.changes);
  expect(view.at('installation', 'loop-1', now - 1)?.siteId).toBe('12');
  expect(view.at('installation', 'loop-1', now)?.siteId).toBe('13');
});

test('an unknown site is refused with the nearest ones, by id or by name', () => {
  const fault = faultOf(() => registration(viewOf(...sites), place('loop-1', 'High Street'), undefined, now));
  expect(fault.message).toBe('there is no site High Street');
  expect(fault.detail).toContain('12 (High Street north)');
});

test('a device that is registered is not registered again, and keeps its key', () => {
  const made = registration(viewOf(...sites), place('loop-1', '12'), undefined, now);
  const fault = faultOf(() =>
    registration(viewOf(...sites, ...made.changes), place('loop-1', '13'), undefined, now),
  );
  expect(fault.message).toBe('device loop-1 is registered already');
  expect(fault.detail).toContain('at site 12');
  expect(JSON.stringify(fault)).not.toContain(made.device.key);
});

test.each(['a b', 'a/b', 'a+b', '', 'x'.repeat(129), 'ü'])('%j can not be a device id', (id) => {
  expect(() => registration(viewOf(...sites), place(id, '12'), undefined, now)).toThrow(/device id/);
});

test('a moved device stands at the new site from now on and should send what it should before', () => {
  const made = registration(
    viewOf(...sites),
    place('loop-1', '12', { periodS: 60, lanes: [1] }),
    undefined,
    now,
  );
  const moved = relocation(viewOf(...sites, ...made.changes), place('loop-1', '13'), now + 1_000);
  const view = viewOf(...sites, ...made.changes, ...moved.changes);
  expect(view.at('installation', 'loop-1', now)?.siteId).toBe('12');
  expect(view.at('installation', 'loop-1', now + 1_000)).toEqual({
    deviceId: 'loop-1',
    siteId: '13',
    periodS: 60,
    lanes: [1],
  });
});

test('a device that stood somewhere before it was registered is known from then on, with the same key', () => {
  const made = registration(viewOf(...sites), place('loop-1', '12'), undefined, now);
  const from = now - 7 * 86_400_000;
  const moved = relocation(viewOf(...sites, ...made.changes), place('loop-1', '12', { from }), now);
  const view = viewOf(...sites, ...made.changes, ...moved.changes);
  expect(view.at('device', 'loop-1', from)).toEqual(made.device);
  expect(view.at('device', 'loop-1', now)).toEqual(made.device);
});

test('a retired device is known no more from then on, nor does it stand anywhere', () => {
  const made = registration(viewOf(...sites), place('loop-1', '12'), undefined, now);
  const view = viewOf(...sites, ...made.changes, ...retirement(viewOf(...made.changes), 'loop-1', now, now));
  expect(view.at('device', 'loop-1', now)).toBeUndefined();
  expect(view.at('installation', 'loop-1', now)).toBeUndefined();
  expect(view.at('device', 'loop-1', now - 1)).toBeDefined();
  expect(faultOf(() => retirement(view, 'loop-1', now, now)).message).toBe('device loop-1 is retired');
  expect(faultOf(() => retirement(viewOf(...made.changes), 'lop-1', now, now)).detail).toContain('loop-1');
});
