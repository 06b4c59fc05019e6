import { expect, it } from 'vitest';
import { HOUR_MS } from '#domain/instant.ts';
import type { LedgerRow } from '#domain/ledger.ts';
import { allRecentRows, recentRows, settleHours } from '#infra/cosmos/recent-hours.ts';

const HOUR = Date.UTC(2026, 2, 2, 8);

const row = (hour: number, readings: number, fields: Partial<LedgerRow> = {}): LedgerRow => ({
  partition: 3,
  deviceId: 'loop',
  hourReceived: HOUR + hour * HOUR_MS,
  hourObserved: HOUR,
  outcome: 'counted',
  reason: '',
  readings,
  late: 0,
  ...fields,
});
const rejected = { hourObserved: null, outcome: 'rejected', reason: 'schema' } as const;

/** Commits one after another: what stands in the blob after them, and what each has settled. */
function after(...commits: LedgerRow[][]) {
  const recent = new Map<string, string>();
  const settled = commits.map((rows) => {
    const done = settleHours(recent, rows);
    for (const { key, value } of done.hours) recent.set(key, value);
    return done.settled;
  });
  return { recent, settled };
}

it('keeps the counts of the newest hour, each as it was last given', () => {
  const { recent, settled } = after([row(0, 1), row(0, 2, rejected)], [row(0, 5)]);
  expect(settled).toEqual([[], []]);
  expect(recentRows(recent, 3, 'loop', HOUR)).toEqual([row(0, 5), row(0, 2, rejected)]);
  expect(recentRows(recent, 3, 'loop', HOUR + HOUR_MS)).toBeUndefined();
  expect(recentRows(recent, 3, 'other', HOUR)).toBeUndefined();
});

it('settles an hour whole when the device goes on to the next, within one commit too', () => {
  const { recent, settled } = after([row(0, 1), row(0, 2, rejected)], [row(2, 7), row(1, 4), row(0, 3)]);
  expect(settled[1]).toEqual([row(0, 3), row(0, 2, rejected), row(1, 4)]);
  expect([...allRecentRows(recent, 3)]).toEqual([row(2, 7)]);
});

it('settles what changes in an hour that was over before, and leaves the newest alone', () => {
  const { recent, settled } = after([row(5, 9)], [row(2, 4)]);
  expect(settled[1]).toEqual([row(2, 4)]);
  expect([...allRecentRows(recent, 3)]).toEqual([row(5, 9)]);
});

it('goes by each device on its own', () => {
  const { recent, settled } = after([row(0, 1), row(3, 2, { deviceId: 'other' })], [row(1, 5)]);
  expect(settled[1]).toEqual([row(0, 1)]);
  expect([...allRecentRows(recent, 3)]).toEqual([row(1, 5), row(3, 2, { deviceId: 'other' })]);
});
