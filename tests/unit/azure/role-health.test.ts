import { expect, test } from 'vitest';
import { openHealthDoor } from '#apps/health-door.ts';
import type { Parts } from '#apps/pipeline.ts';
import { roleHealth } from '#apps/role-health.ts';
import { type Running, watchedRoles } from '#apps/watched-roles.ts';

/** A processor whose thread turned so long ago; undefined: it starts. */
function processor(silentMs: number | undefined) {
  const processing = { silentMs: () => silentMs, stored: () => ({ readings: 0, refused: 0 }) };
  return watchedRoles.processor({ parts: { processing } as unknown as Parts } as unknown as Running).state();
}

test('a processor is ready when its thread turns, waited for while it starts, and given up when it is stuck', () => {
  expect(processor(undefined)).toMatchObject({ alive: true, ready: false });
  expect(processor(900)).toMatchObject({ alive: true, ready: true });
  // It turns each second, also while it waits for a service.
  expect(processor(61_000)).toMatchObject({ alive: false, ready: false });
});

test('a bridge without its broker is alive and not ready', () => {
  const bridge = (connected: boolean) =>
    watchedRoles
      .bridge({ bridge: { stats: () => ({ taken: 0, durable: 0, connected }) } } as unknown as Running)
      .state();
  expect(bridge(true)).toMatchObject({ alive: true, ready: true });
  expect(bridge(false)).toMatchObject({ alive: true, ready: false });
});

test('a process is as alive and as ready as the worst of its roles, from its start to its end', async (context) => {
  const health = roleHealth(new Set(['gateway', 'processor']));
  const door = await openHealthDoor('127.0.0.1', 0, health);
  context.onTestFinished(door.close);
  const asked = async () =>
    Promise.all(['healthz', 'readyz'].map(async (path) => (await fetch(`${door.url}/${path}`)).status));
  const good = { alive: true, ready: true, detail: '' };
  expect(await asked()).toEqual([200, 503]);
  const states = new Map([['gateway', () => good] as const]);
  health.running(states);
  expect(await asked()).toEqual([200, 503]);
  health.running(new Map([...states, ['processor', () => good] as const]));
  expect(await asked()).toEqual([200, 200]);
  health.running(
    new Map([...states, ['processor', () => ({ ...good, alive: false, ready: false })] as const]),
  );
  expect(await asked()).toEqual([503, 503]);
  health.waiting('ending');
  expect(await asked()).toEqual([200, 503]);
  await expect(openHealthDoor('127.0.0.1', Number(new URL(door.url).port), health)).rejects.toMatchObject({
    message: expect.stringContaining('could not answer for health on 127.0.0.1:'),
    hint: expect.stringContaining('HEADWAY_HEALTH_PORT'),
  });
});
