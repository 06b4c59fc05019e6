import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '#domain/instant.ts';
import { dyingAt, flow, registered, type SmallCity, START, smallCity } from '../../unit/processing/city.ts';

/** What a device sends: some readings of the first half hour, in any order, with repeats, corrections and bad clocks. */
interface Sent {
  device: 'a' | 'b';
  lane: 1 | 2;
  minute: number;
  count: number;
  clock: 'good' | 'ahead' | 'behind';
}

const sent = fc.record<Sent>({
  device: fc.constantFrom('a', 'b'),
  lane: fc.constantFrom(1, 2),
  minute: fc.nat(30),
  count: fc.integer({ min: 1, max: 3 }),
  clock: fc.oneof(
    { weight: 8, arbitrary: fc.constant('good' as const) },
    { weight: 1, arbitrary: fc.constantFrom('ahead' as const, 'behind' as const) },
  ),
});
const messages = fc.array(fc.array(sent, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 25 });
const clockMs = { good: 0, ahead: 2 * HOUR_MS, behind: -8 * DAY_MS };

/** Written from the semantics, with nothing of processing: first counts, known content repeats, new content restates. */
function oracle(batches: readonly (readonly Sent[])[]) {
  const outcomes: Record<string, number> = {};
  const identities = new Map<string, { seen: Set<number>; last: number; window: string }>();
  for (const s of batches.flat()) {
    let outcome: string;
    if (s.clock !== 'good') outcome = `quarantined ${s.clock}`;
    else {
      const id = `${s.device}/${s.lane}/${s.minute}`;
      const known = identities.get(id);
      if (!known) {
        outcome = 'counted';
        const window = `${s.device}/${s.lane}/${Math.floor(s.minute / 5)}`;
        identities.set(id, { seen: new Set([s.count]), last: s.count, window });
      } else if (known.seen.has(s.count)) outcome = 'duplicate';
      else {
        outcome = 'restated';
        known.seen.add(s.count);
        known.last = s.count;
      }
    }
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  const counts: Record<string, number> = {};
  for (const { window, last } of identities.values()) counts[window] = (counts[window] ?? 0) + last;
  return { outcomes, counts };
}

async function filled(
  batches: readonly (readonly Sent[])[],
  written: (readings: unknown) => string = JSON.stringify,
): Promise<SmallCity> {
  const city = smallCity();
  await city.register([...registered('a', { lanes: [1, 2] }), ...registered('b', { lanes: [1, 2] })]);
  let receivedAt = START + HOUR_MS;
  for (const batch of batches) {
    receivedAt += MINUTE_MS;
    for (const device of ['a', 'b'] as const) {
      const own = batch.filter((s) => s.device === device);
      if (own.length === 0) continue;
      const readings = own.map((s) => ({
        ...flow(s.minute * 60, { lane: s.lane, count: s.count }),
        ...(s.lane === 2 ? { counts: { car: s.count } } : {}),
        observedAt: new Date(START + s.minute * MINUTE_MS + clockMs[s.clock]).toISOString(),
      }));
      city.send(device, written(readings), { receivedAt });
    }
  }
  city.send('a', '', { type: 'end', receivedAt });
  city.send('b', '', { type: 'end', receivedAt });
  return city;
}

async function published(city: SmallCity): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const device of ['a', 'b']) {
    for (const w of await city.windows(device)) {
      counts[`${device}/${w.lane}/${(w.startAt - START) / (5 * MINUTE_MS)}`] = w.count!;
    }
  }
  return counts;
}

const everything = async (city: SmallCity) => ({
  windows: [...(await city.windows('a')), ...(await city.windows('b'))].map(
    ({ revision, reason, ...rest }) => rest,
  ),
  ledger: city.ledger().map(({ late, ...rest }) => rest),
});

it('publishes and counts what the semantics say, however it is batched', async () => {
  await fc.assert(
    fc.asyncProperty(messages, fc.integer({ min: 1, max: 8 }), async (batches, batch) => {
      const city = await filled(batches);
      try {
        await city.run({ batch });
        const truth = oracle(batches);
        expect(city.sums()).toEqual(truth.outcomes);
        expect(await published(city)).toEqual(truth.counts);
      } finally {
        city.close();
      }
    }),
    { numRuns: 40 },
  );
});

it('comes to the same after being killed at any commit, before or after it was stored', async () => {
  await fc.assert(
    fc.asyncProperty(
      messages,
      fc.integer({ min: 1, max: 6 }),
      fc.constantFrom('before' as const, 'after' as const),
      async (batches, commit, moment) => {
        const [whole, broken] = [await filled(batches), await filled(batches)];
        try {
          await whole.run({ batch: 3 });
          await broken.run({ batch: 3, store: dyingAt(commit, moment) }).catch((error: Error) => {
            if (error.message !== 'killed') throw error;
          });
          await broken.run({ batch: 5 });
          expect(await everything(broken)).toEqual(await everything(whole));
        } finally {
          whole.close();
          broken.close();
        }
      },
    ),
    { numRuns: 40 },
  );
});

it('comes to the same whether what was sent can go the short way or not', async () => {
  await fc.assert(
    fc.asyncProperty(messages, async (batches) => {
      // A line break is nothing to JSON, and not plain.
      const [short, long] = [await filled(batches), await filled(batches, (r) => `${JSON.stringify(r)}\n`)];
      try {
        await short.run({ batch: 4 });
        await long.run({ batch: 4 });
        expect(await everything(short)).toEqual(await everything(long));
      } finally {
        short.close();
        long.close();
      }
    }),
    { numRuns: 30 },
  );
});

it('closes windows early or late without changing a value or an outcome', async () => {
  await fc.assert(
    fc.asyncProperty(messages, fc.constantFrom(0, 60_000, 3_600_000), async (batches, graceMs) => {
      const [usual, other] = [await filled(batches), await filled(batches)];
      try {
        await usual.run();
        await other.run({ batch: 1, closing: { graceMs, idleMs: 0 }, liveTime: START + DAY_MS });
        expect(await everything(other)).toEqual(await everything(usual));
      } finally {
        usual.close();
        other.close();
      }
    }),
    { numRuns: 30 },
  );
});
