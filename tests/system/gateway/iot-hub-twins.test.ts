import { expect, test } from 'vitest';
import type { Twin } from '#domain/devices/twin.ts';
import { openHub } from './iot-hub-device.ts';
import { until } from './test-door.ts';

/** The SDK's twin is typed as any. */
const report = (twin: { properties: { reported: unknown } }, patch: unknown) =>
  new Promise<void>((resolve, reject) => {
    const { update } = twin.properties.reported as {
      update(patch: unknown, done: (error?: Error) => void): void;
    };
    update.call(twin.properties.reported, patch, (error) => (error ? reject(error) : resolve()));
  });

test('a device reads its twin, reports, and finds both again after it was away', async (context) => {
  await using door = await openHub(context);
  const { hub } = door.gateway;
  await hub.changeTwin('loop-1', { type: 'patch', desired: { interval: { s: 60 }, note: 'ü' } });
  const device = await door.azureDevice('loop-1');
  const twin = await device.getTwin();
  expect(twin.properties.desired).toMatchObject({ interval: { s: 60 }, note: 'ü', $version: 2 });
  await report(twin, { firmware: '1.4', gone: 1, nested: { a: 1, b: 2 } });
  await report(twin, { gone: null, nested: { b: null, c: [1, 2] } });
  expect((await hub.twin('loop-1')).reported).toMatchObject({
    version: 3,
    values: { firmware: '1.4', nested: { a: 1, c: [1, 2] } },
  });
  await device.close();

  await hub.changeTwin('loop-1', { type: 'patch', desired: { interval: { s: 30 }, note: null } });
  const again = await (await door.azureDevice('loop-1')).getTwin();
  expect(again.properties.desired).toMatchObject({ interval: { s: 30 }, $version: 3 });
  expect(again.properties.desired).not.toHaveProperty('note');
  expect(again.properties.reported).toMatchObject({ firmware: '1.4', $version: 3 });
});

test('a device that listens is told of desired properties, of what is gone with null', async (context) => {
  await using door = await openHub(context);
  const { hub } = door.gateway;
  const device = await door.azureDevice('loop-1');
  const twin = await device.getTwin();
  const told: unknown[] = [];
  twin.on('properties.desired', (delta: unknown) => void told.push(delta));
  await until(() => told.length === 1, 'what is desired already');
  // The SDK subscribes in the background.
  await until(() => door.gateway.stats().connections === 1, 'the connection');
  await new Promise((resolve) => setTimeout(resolve, 200));
  await hub.changeTwin('loop-1', { type: 'patch', desired: { a: 1, b: { c: 2, d: 3 } } });
  await hub.changeTwin('loop-1', { type: 'replace', desired: { b: { c: 5 } } });
  await until(() => told.length === 3, 'both changes');
  expect(told.slice(1)).toEqual([
    { a: 1, b: { c: 2, d: 3 }, $version: 2 },
    { a: null, b: { c: 5, d: null }, $version: 3 },
  ]);
  expect(twin.properties.desired).toEqual(expect.objectContaining({ b: { c: 5 }, $version: 3 }));
  expect(await hub.twin('loop-2')).toMatchObject({ desired: { values: {}, version: 1 } } satisfies Partial<
    Record<keyof Twin, unknown>
  >);
});

test('what may not be reported is refused with its reason, and changes nothing', async (context) => {
  await using door = await openHub(context);
  const twin = await (await door.azureDevice('loop-1')).getTwin();
  const large = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`p${i}`, 'x'.repeat(4_000)]));
  await expect(report(twin, { 'a.b': 1 })).rejects.toThrow('"a.b" can not name a property');
  await expect(report(twin, large)).rejects.toThrow('at most 32768');
  await expect(report(twin, { long: 'x'.repeat(4_097) })).rejects.toThrow('over 4 KiB');
  await expect(report(twin, [1])).rejects.toThrow('not a JSON object');
  expect((await door.gateway.hub.twin('loop-1')).reported).toMatchObject({ values: {}, version: 1 });
  expect(door.refusals).toEqual([]);
});
