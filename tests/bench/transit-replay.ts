import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '#apps/config.ts';
import { openDataDirectory } from '#apps/data-directory.ts';
import { replay } from '#apps/replay.ts';
import { nameHash } from '#device-sim/random.ts';
import { transitMessages } from '#device-sim/transit/transit-messages.ts';
import { emptyRegistry } from '#ingest/recordings/recording.ts';
import type { Bench } from './bench-row.ts';
import { lineFleet } from './line-fleet.ts';

const DAY = Date.parse('2026-03-12T10:00:00Z');
const FEEDS = 4;

/** Positions of a recorded fleet through the door, log, processing and store. */
export const transitReplay: Bench = {
  name: 'transit-replay',
  run: async (scale) => {
    const [vehicles, seconds] = scale === 'full' ? [2_000, 300] : [200, 30];
    const directory = mkdtempSync(join(process.cwd(), '.headway-bench-'));
    const data = openDataDirectory(directory);
    try {
      const to = DAY + seconds * 1_000;
      const fleet = lineFleet(vehicles, DAY, to);
      // A fleet is split over several feeds, as one too large for a partition would be.
      const ids = Array.from({ length: FEEDS }, (_, n) => `fleet-${n}`);
      const day = fleet.days.day(fleet.date);
      const messages = ids
        .flatMap((id, n) => {
          const runs = day.runs.filter((run) => nameHash(run.vehicleId) % FEEDS === n);
          const days = { ...fleet.days, day: () => ({ ...day, runs }) };
          return [...transitMessages(id, { days, seed: 1, from: DAY, to, everyS: 1, togetherMs: 1_000 })];
        })
        .sort((a, b) => a.receivedAt - b.receivedAt);
      const registry = {
        ...emptyRegistry(),
        sites: ids.map((siteId) => ({ siteId })),
        deviceIds: ids,
        installations: ids.map((deviceId) => ({ deviceId, siteId: deviceId })),
      };
      const started = performance.now();
      const sent = await replay({
        config: readConfig(undefined, {
          HEADWAY_GATEWAY_MQTT_PORT: '0',
          HEADWAY_GATEWAY_MQTTS_PORT: '0',
          HEADWAY_API_PORT: '0',
        }),
        data,
        pace: 'max',
        recording: {
          name: 'fleet',
          city: 'Lines',
          timezone: 'UTC',
          registry,
          notes: [],
          caveats: () => [],
          messages: async function* () {
            for (const m of messages) yield { ...m, payload: Buffer.from(m.payload).toString() };
          },
        },
      });
      const perS = sent.readings / ((performance.now() - started) / 1_000);
      return [
        {
          name: `${vehicles.toLocaleString('en-GB')} vehicles replayed, until processed and stored`,
          value: Math.round(perS),
          unit: 'positions/s',
          atLeast: 50_000,
        },
      ];
    } finally {
      data.close();
      rmSync(directory, { recursive: true, force: true });
    }
  },
};
