import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HOUR_MS } from '#domain/instant.ts';
import { membersText } from '#domain/member-text.ts';
import type { Commit, Store } from '#domain/store.ts';
import type { WindowRow } from '#domain/window.ts';

export interface OpenedStore {
  store: Store;
  /** The same data through a new connection. */
  reopen(): Promise<Store>;
  close(): Promise<void>;
}

const START = Date.UTC(2026, 2, 2, 8);

export function windowRow(fields: Partial<WindowRow> = {}): WindowRow {
  return {
    kind: 'traffic-flow',
    deviceId: 'loop',
    subject: '',
    siteId: 'A',
    direction: '',
    lane: 0,
    windowS: 300,
    startAt: START,
    readings: 1,
    observedS: 60,
    count: 7,
    countS: 60,
    classCounts: { car: 6, truck: 1 },
    occupancyMicroS: 6_000_000,
    occupancyS: 60,
    paceMicroS: 504_000_000,
    paceCount: 7,
    speedMilliS: 0,
    speedS: 0,
    speedHistogram: [[50, 7]],
    histogramBasis: 'means-by-count',
    expectedS: 300,
    revision: 0,
    reason: 'published',
    members: membersText(
      [
        {
          identity: START * 1_000 + 60,
          observedAt: START,
          earlier: [
            { partition: 0, position: 4, index: 2, orderedAt: 4, content: [60, 7, 50_000, 100_000, 0] },
          ],
          ...{
            partition: 0,
            position: 5,
            index: 0,
            orderedAt: 9,
            content: [60, null, null, null, 1, 'car', 3],
          },
        },
        {
          identity: 'an event/82/5',
          observedAt: START + 1,
          earlier: undefined,
          ...{ partition: 0, position: 6, index: 0, orderedAt: 6, content: ['x', null] },
        },
      ],
      START,
    ),
    ...fields,
  };
}

/** A commit of partition 0, up to a position. */
export function commit(position: number, fields: Partial<Commit> = {}): Commit {
  return {
    checkpoint: { partition: 0, position },
    windows: [],
    ledger: [],
    outcomes: [],
    deadLetters: [],
    readmissions: [],
    corrupt: [],
    state: [],
    ...fields,
  };
}

/** What every store must do, whatever it is made of. */
export function storeContract(name: string, open: () => Promise<OpenedStore>): void {
  describe(`store contract: ${name}`, () => {
    let opened: OpenedStore;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());
    const slot = ({ siteId: _, ...key }: WindowRow) => ({
      kind: key.kind,
      deviceId: key.deviceId,
      subject: key.subject,
      direction: key.direction,
      lane: key.lane,
      windowS: key.windowS,
      startAt: key.startAt,
    });

    it('begins before the first position, with nothing', async () => {
      expect(await opened.store.checkpoint(3)).toEqual({ partition: 3, position: -1 });
      expect(await opened.store.loadState(3)).toEqual([]);
      expect(await opened.store.loadWindows(0, [slot(windowRow())])).toEqual([]);
    });

    it('gives a window back whole, members and all, also to another connection', async () => {
      await opened.store.commit(commit(6, { windows: [windowRow()] }));
      expect(await opened.store.loadWindows(0, [slot(windowRow())])).toEqual([windowRow()]);
      expect(await (await opened.reopen()).loadWindows(0, [slot(windowRow())])).toEqual([windowRow()]);
    });

    it('finds the windows of a slot at whatever site, and no other slot’s', async () => {
      const here = windowRow();
      const there = windowRow({ siteId: 'B' });
      const others = [
        windowRow({ lane: 1 }),
        windowRow({ direction: 'N' }),
        windowRow({ subject: 'bus' }),
        windowRow({ windowS: 900 }),
        windowRow({ startAt: START + 300_000, members: '[0]' }),
        windowRow({ deviceId: 'loop2' }),
      ];
      await opened.store.commit(commit(0, { windows: [here, there, ...others] }));
      const found = await opened.store.loadWindows(0, [slot(here)]);
      expect(found.map((w) => w.siteId).sort()).toEqual(['A', 'B']);
    });

    it('lets only a greater revision replace a window', async () => {
      const first = windowRow({ revision: 2, reason: 'late' });
      await opened.store.commit(commit(0, { windows: [first] }));
      await opened.store.commit(commit(1, { windows: [windowRow({ revision: 1, count: 1 })] }));
      expect((await opened.store.loadWindows(0, [slot(first)]))[0]).toMatchObject({ revision: 2, count: 7 });
      await opened.store.commit(
        commit(2, { windows: [windowRow({ revision: 5, count: 9, reason: 'restated' })] }),
      );
      expect((await opened.store.loadWindows(0, [slot(first)]))[0]).toMatchObject({ revision: 5, count: 9 });
    });

    it('takes the same revision again, and stops where its figures differ', async () => {
      await opened.store.commit(commit(0, { windows: [windowRow()] }));
      await opened.store.commit(commit(1, { windows: [windowRow()] }));
      await expect(opened.store.commit(commit(2, { windows: [windowRow({ count: 8 })] }))).rejects.toThrow(
        /revision 0/,
      );
      expect((await opened.store.checkpoint(0)).position).toBe(1);
    });

    it('stores a commit as a whole or not at all', async () => {
      await opened.store.commit(commit(0, { windows: [windowRow()] }));
      const bad = commit(1, {
        windows: [windowRow({ deviceId: 'new' }), windowRow({ count: 8 })],
        state: [{ key: 'loop', value: 'x' }],
      });
      await expect(opened.store.commit(bad)).rejects.toThrow();
      expect(await opened.store.loadState(0)).toEqual([]);
      expect(await opened.store.loadWindows(0, [slot(windowRow({ deviceId: 'new' }))])).toEqual([]);
      await opened.store.commit(commit(1, { windows: [windowRow({ deviceId: 'new' })] }));
      expect(await opened.store.loadWindows(0, [slot(windowRow({ deviceId: 'new' }))])).toHaveLength(1);
    });

    it('replaces ledger rows with absolute counts, an hour that is not trusted among them', async () => {
      const row = {
        partition: 0,
        deviceId: 'loop',
        hourReceived: START,
        hourObserved: null,
        outcome: 'rejected' as const,
        reason: 'schema' as const,
        readings: 3,
        late: 0,
      };
      const counted = { ...row, hourObserved: START, outcome: 'counted' as const, reason: '' as const };
      await opened.store.commit(commit(0, { ledger: [row, counted] }));
      await opened.store.commit(commit(1, { ledger: [{ ...row, readings: 5 }] }));
      const loaded = await opened.store.loadLedger(0, [{ deviceId: 'loop', hourReceived: START }]);
      expect(loaded).toHaveLength(2);
      expect(loaded).toContainEqual({ ...row, readings: 5 });
      expect(await opened.store.loadLedger(0, [{ deviceId: 'loop', hourReceived: START + HOUR_MS }])).toEqual(
        [],
      );
      expect(await opened.store.loadLedger(1, [{ deviceId: 'loop', hourReceived: START }])).toEqual([]);
    });

    it('finds the outcomes of a position, and none where none were stored', async () => {
      const chunk = (from: number, to: number, bytes: number[]) => ({
        partition: 0,
        from,
        to,
        registryVersion: 2,
        bytes: Uint8Array.from(bytes),
      });
      await opened.store.commit(commit(3, { outcomes: [chunk(0, 1, [0, 1, 7]), chunk(2, 3, [1, 0, 0])] }));
      expect(await opened.store.loadOutcomes(0, 2)).toEqual(chunk(2, 3, [1, 0, 0]));
      expect(await opened.store.loadOutcomes(0, 1)).toEqual(chunk(0, 1, [0, 1, 7]));
      expect(await opened.store.loadOutcomes(0, 4)).toBeUndefined();
      expect(await opened.store.loadOutcomes(1, 2)).toBeUndefined();
    });

    it('keeps dead letters by place and reason until they have no indices left', async () => {
      const letter = {
        partition: 0,
        position: 7,
        reason: 'impossible' as const,
        deviceId: 'loop',
        receivedAt: START,
        indices: [1, 4],
        detail: 'speedKmh 500',
      };
      await opened.store.commit(
        commit(7, { deadLetters: [letter, { ...letter, reason: 'ahead', indices: [2] }] }),
      );
      expect(await opened.store.loadDeadLetters(0, 7)).toHaveLength(2);
      await opened.store.commit(commit(8, { deadLetters: [{ ...letter, indices: [] }] }));
      expect(await opened.store.loadDeadLetters(0, 7)).toEqual([
        { ...letter, reason: 'ahead', indices: [2] },
      ]);
    });

    it('keeps the state of each partition by key, and lets one go', async () => {
      await opened.store.commit(
        commit(0, {
          state: [
            { key: 'a', value: '1' },
            { key: 'b', value: '2' },
          ],
        }),
      );
      await opened.store.commit(
        commit(1, {
          state: [
            { key: 'a', value: '3' },
            { key: 'b', value: null },
          ],
        }),
      );
      expect(await opened.store.loadState(0)).toEqual([{ key: 'a', value: '3' }]);
      expect(await opened.store.loadState(1)).toEqual([]);
    });
  });
}
