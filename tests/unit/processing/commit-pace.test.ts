import { expect, test } from 'vitest';
import type { Store } from '#domain/store.ts';
import { flow, registered, START, smallCity } from './city.ts';

/** Hundred batches of a reading, on a clock that goes on by so much whenever it is read. */
async function commitsWhereReadingTheClockTakes(ms: number): Promise<number> {
  const city = smallCity();
  try {
    await city.register(registered('d'));
    for (let n = 0; n < 100; n++) city.send('d', flow(60 * n), { receivedAt: START + 100 * 60_000 });
    let now = 0;
    let commits = 0;
    const counted = (real: Store): Store => ({
      ...real,
      commit: (commit) => {
        commits += 1;
        return real.commit(commit);
      },
    });
    const nowMs = () => {
      now += ms;
      return now;
    };
    await city.run({ batch: 1, store: counted, pace: { nowMs, commitEveryMs: 10 * ms } });
    expect(city.sums()).toEqual({ counted: 100 });
    return commits;
  } finally {
    city.close();
  }
}

test('open windows whose text is dear are stored less often, but every ten seconds', async () => {
  // A stream's text takes a reading of the clock. A commit is due after ten of them, and a batch takes one.
  expect(await commitsWhereReadingTheClockTakes(0.01)).toBeLessThan(5);
  // Here ten readings of the clock are ten seconds.
  expect(await commitsWhereReadingTheClockTakes(1_000)).toBeGreaterThan(8);
});
