import { afterAll, beforeAll, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '#domain/instant.ts';
import type { NewRegistryChange } from '#domain/registry/registry.ts';
import { createContainers } from '#infra/cosmos/cosmos-database.ts';
import { cosmosRegistry } from '#infra/cosmos/registry.ts';
import { cosmosStore } from '#infra/cosmos/store.ts';
import { sqliteExportSource } from '#infra/sqlite/export-source.ts';
import { type AzureServices, azureServices } from '../../contract/azure-services.ts';
import { flow, registered, type SmallCity, START, smallCity } from '../../unit/processing/city.ts';
import { dying, exported, processLog } from './azure-city.ts';

let services: AzureServices;
beforeAll(async () => {
  services = await azureServices();
});
afterAll(() => services.close());

/** Deterministic: the same number, the same city (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

const devices = ['a', 'b', 'c'];

/** Late, repeated, corrected and impossible readings of three devices; `from` is the first message's number. */
function send(city: SmallCity, below: (n: number) => number, from: number): void {
  for (let message = from; message < from + 20; message++) {
    const receivedAt = START + HOUR_MS + message * 4 * MINUTE_MS;
    const readings = Array.from({ length: 1 + below(4) }, () =>
      flow(below(40) * 60, {
        lane: 1 + below(2),
        count: 1 + below(3),
        ...(below(12) === 0 ? { speedKmh: 900 } : {}),
      }),
    );
    city.send(devices[below(3)]!, readings, { receivedAt });
  }
  for (const d of devices)
    city.send(d, '', { type: 'end', receivedAt: START + HOUR_MS + from * 4 * MINUTE_MS });
}

/** From here on one of them stands elsewhere, by a registry that was wrong before: corrections move readings. */
const moved: NewRegistryChange[] = [
  { kind: 'site', id: 'elsewhere', validFrom: 0, body: { siteId: 'elsewhere' } },
  {
    kind: 'installation',
    id: 'a',
    validFrom: 0,
    body: { deviceId: 'a', siteId: 'elsewhere', periodS: 60, lanes: [1, 2] },
  },
];

/** The embedded run of the same log: the truth. */
function embedded(city: SmallCity, upTo: number) {
  const source = sqliteExportSource(city.db);
  const windows: string[] = [];
  for (const { series, startAt, figures } of source.windowTexts(0, Number.MAX_SAFE_INTEGER) as Iterable<{
    series: object;
    startAt: number;
    figures: string;
  }>) {
    if (JSON.parse(figures)[0] > 0) windows.push(JSON.stringify([series, startAt, figures]));
  }
  const ledger = city.ledger().filter((row) => row.readings > 0);
  return {
    position: upTo,
    readings: ledger.reduce((n, r) => n + r.readings, 0),
    windows: windows.sort(),
    ledger: ledger.map(({ late: _, ...row }) => JSON.stringify(Object.entries(row).sort())).sort(),
  };
}

const readingsUpTo = (city: SmallCity, position: number): number =>
  city.records
    .slice(0, position + 1)
    .reduce((n, { type, payload }) => n + (type === 'end' ? 0 : JSON.parse(String(payload)).length), 0);

it.each([1, 2, 3, 4])(
  'counts the same after crashes anywhere between outputs and checkpoint (city %i)',
  async (seed) => {
    const below = random(seed);
    const truth = smallCity();
    try {
      const first = await services.connect(services.newCity());
      await createContainers(first.database);
      const registry = cosmosRegistry(first.database, () => START);
      let crashes = 0;
      for (const [from, changes] of [
        [0, devices.flatMap((d) => registered(d, { lanes: [1, 2] }))],
        [20, moved],
      ] as const) {
        await truth.register(changes);
        await registry.change(changes);
        send(truth, below, from);
        await truth.run({ batch: 5 });
        for (let isDone = false, tries = 0; !isDone; tries++) {
          const at =
            below(2) === 0
              ? { call: 1 + below(15) }
              : {
                  checkpoint: 1 + below(3),
                  moment: below(2) === 0 ? ('before' as const) : ('after' as const),
                };
          const connection = tries < 8 ? dying(first, at) : first;
          try {
            // Replay meets other batches than those that were lost.
            const store = cosmosStore({ ...connection, clock: Date.now });
            await processLog(truth.records, store, registry, 1 + below(7));
            isDone = true;
          } catch (error) {
            if (!(error as Error).message.includes('killed')) throw error;
            crashes += 1;
          }
          // Outputs without a checkpoint are nothing: every reading up to the checkpoint counts once, and no other.
          const seen = await exported(first);
          expect(seen.readings).toBe(readingsUpTo(truth, seen.position));
        }
        expect(await exported(first)).toEqual(embedded(truth, truth.records.length - 1));
      }
      expect(crashes).toBeGreaterThan(3);
    } finally {
      truth.close();
    }
  },
);
