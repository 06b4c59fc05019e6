import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deviceMessageLimits } from '#domain/devices/device-message.ts';
import type { DeviceState } from '#domain/devices/device-state.ts';
import { changed, type Twin } from '#domain/devices/twin.ts';

export interface OpenedDeviceState {
  state: DeviceState;
  /** After the end of the process. */
  reopen(): Promise<DeviceState>;
  close(): Promise<void>;
}

const NOON = Date.UTC(2026, 4, 1, 12);

const message = (text: string, more: object = {}) => ({
  deviceId: 'loop-1',
  body: Buffer.from(text),
  properties: { '$.mid': text },
  enqueuedAt: NOON,
  expiresAt: NOON + 60_000,
  ...more,
});

/** What every keeper of device state must do, whatever it is made of. */
export function deviceStateContract(
  name: string,
  open: (clock: () => number) => Promise<OpenedDeviceState>,
): void {
  describe(`device state contract: ${name}`, () => {
    let opened: OpenedDeviceState;
    let state: DeviceState;
    beforeEach(async () => {
      opened = await open(() => NOON);
      state = opened.state;
    });
    afterEach(() => opened.close());

    const texts = async (after: number, limit: number, now = NOON) =>
      (await state.takeMessages('loop-1', after, limit, now)).map(({ body }) => Buffer.from(body).toString());

    it('begins with an empty twin, and keeps what it is changed to', async () => {
      const empty = await state.twin('loop-1');
      expect(empty).toMatchObject({ deviceId: 'loop-1', tags: {}, desired: { values: {}, version: 1 } });
      const change = (twin: Twin) => changed(twin, { type: 'patch', desired: { a: 1 } }, NOON);
      const after = await state.changeTwin('loop-1', change, { durable: true });
      expect(after).toMatchObject({ version: empty.version + 1, desired: { values: { a: 1 }, version: 2 } });
      expect(await (await opened.reopen()).twin('loop-1')).toEqual(after);
    });

    it('leaves a twin as it is where the change is a fault, and loses none of many at once', async () => {
      const fault = { fault: 'rule' as const, detail: 'no' };
      expect(await state.changeTwin('loop-1', () => fault, { durable: false })).toBe(fault);
      expect((await state.twin('loop-1')).version).toBe(2);
      const count = (twin: Twin) =>
        changed(twin, { type: 'patch', desired: { n: ((twin.desired.values.n as number) ?? 0) + 1 } }, NOON);
      await Promise.all(
        Array.from({ length: 50 }, () => state.changeTwin('loop-1', count, { durable: false })),
      );
      expect((await state.twin('loop-1')).desired).toMatchObject({ values: { n: 50 }, version: 51 });
    });

    it('keeps messages in order for each device, with their properties, until they are settled', async () => {
      for (const text of ['a', 'b', 'c']) expect(await state.enqueue(message(text))).toBe('queued');
      await state.enqueue(message('x', { deviceId: 'loop-2' }));
      const [first, second] = await state.takeMessages('loop-1', 0, 2, NOON);
      expect(first).toMatchObject({
        deviceId: 'loop-1',
        properties: { '$.mid': 'a' },
        expiresAt: NOON + 60_000,
      });
      expect(Buffer.from(first!.body).toString()).toBe('a');
      await state.settleMessage('loop-1', first!.sequence);
      // Another device's number settles nothing.
      await state.settleMessage('loop-2', second!.sequence);
      expect(await texts(second!.sequence, 10)).toEqual(['c']);
      state = await opened.reopen();
      expect(await texts(0, 10)).toEqual(['b', 'c']);
      expect(await state.waitingMessages('loop-1', NOON)).toBe(2);
      expect(await state.purgeMessages('loop-1')).toBe(2);
      expect(await state.waitingMessages('loop-2', NOON)).toBe(1);
    });

    it('has room for so many messages of a device, and those that ran out take none', async () => {
      await state.enqueue(message('short', { expiresAt: NOON + 1_000 }));
      for (let i = 1; i < deviceMessageLimits.queued; i++) await state.enqueue(message(`m${i}`));
      expect(await state.enqueue(message('late'))).toBe('full');
      expect(await state.enqueue(message('late', { enqueuedAt: NOON + 1_000 }))).toBe('queued');
      expect(await texts(0, 2, NOON + 1_000)).toEqual(['m1', 'm2']);
      expect(await state.waitingMessages('loop-1', NOON + 60_000)).toBe(0);
    });

    it('drops a message that was delivered too often', async () => {
      await state.enqueue(message('poison'));
      for (let i = 0; i < deviceMessageLimits.deliveries; i++) expect(await texts(0, 1)).toEqual(['poison']);
      expect(await texts(0, 1)).toEqual([]);
      expect(await state.waitingMessages('loop-1', NOON)).toBe(0);
    });

    it('keeps what a device listens to, every change of many at once', async () => {
      expect(await state.session('loop-1')).toEqual({});
      await Promise.all(
        ['a', 'b', 'c'].map((filter) =>
          state.changeSession('loop-1', (before) => ({ ...before, [filter]: 1 })),
        ),
      );
      state = await opened.reopen();
      expect(await state.session('loop-1')).toEqual({ a: 1, b: 1, c: 1 });
      await state.changeSession('loop-1', () => ({}));
      expect(await state.session('loop-1')).toEqual({});
    });

    it('forgets a device, and no other', async () => {
      for (const deviceId of ['loop-1', 'loop-2']) {
        await state.changeTwin(deviceId, (twin) => ({ ...twin, tags: { a: 1 } }), { durable: false });
        await state.changeSession(deviceId, () => ({ a: 1 }));
        await state.enqueue(message('x', { deviceId }));
      }
      await state.forget('loop-1');
      expect([
        (await state.twin('loop-1')).tags,
        await state.session('loop-1'),
        await state.waitingMessages('loop-1', NOON),
      ]).toEqual([{}, {}, 0]);
      expect([
        (await state.twin('loop-2')).tags,
        await state.session('loop-2'),
        await state.waitingMessages('loop-2', NOON),
      ]).toEqual([{ a: 1 }, { a: 1 }, 1]);
    });
  });
}
