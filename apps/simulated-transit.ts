import { randomBytes } from 'node:crypto';
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importTimetable } from '#analytics/timetable/import-timetable.ts';
import type { City } from '#device-sim/city/city.ts';
import { cityTransit } from '#device-sim/transit/city-transit.ts';
import { gtfsFiles } from '#device-sim/transit/gtfs-files.ts';
import { serviceDays } from '#device-sim/transit/service-days.ts';
import { type TransitMessage, transitMessages } from '#device-sim/transit/transit-messages.ts';
import type { TransitNetwork } from '#device-sim/transit/transit-network.ts';
import { plantedTransit, tripTruth } from '#device-sim/transit/transit-truth.ts';
import { DAY_MS, type Instant, SECOND_MS } from '#domain/instant.ts';
import { ALWAYS, type NewRegistryChange } from '#domain/registry/registry.ts';
import { unpackFeed } from '#ingest/gtfs/unpack-feed.ts';
import type { DataDirectory } from './data-directory.ts';
import { withLakeLock } from './lake-session.ts';

/** The vehicles of a simulated city report as one device, as those of a feed do. */
export const TRANSIT_DEVICE = 'simulated-transit';

export interface SimulatedTransit {
  network: TransitNetwork;
  /** For the registry: the device in this clock domain. */
  changes(validFrom: Instant, domain: string): NewRegistryChange[];
  /** What vehicles report in [from, to). With `truthPath` what was true is written there. */
  messages(span: { from: Instant; to: Instant; truthPath?: string }): Generator<TransitMessage>;
  key: string;
}

export interface SimulatedTransitOptions {
  city: City;
  /** Seconds between two positions of a vehicle. */
  everyS: number;
}

/** What several vehicles report within this time travels in one message. */
const TOGETHER_MS = 15 * SECOND_MS;
const LIVE_TOGETHER_MS = SECOND_MS;

export function simulatedTransit({ city, everyS }: SimulatedTransitOptions): SimulatedTransit {
  const network = cityTransit(city);
  const key = randomBytes(32).toString('base64');
  return {
    network,
    key,
    changes: (validFrom, domain) => [
      {
        kind: 'site',
        id: TRANSIT_DEVICE,
        validFrom: ALWAYS,
        body: { siteId: TRANSIT_DEVICE, name: `${network.agency}, simulated` },
      },
      {
        kind: 'device',
        id: TRANSIT_DEVICE,
        validFrom,
        body: { deviceId: TRANSIT_DEVICE, domain, role: 'sensor', key },
      },
      {
        kind: 'installation',
        id: TRANSIT_DEVICE,
        validFrom: ALWAYS,
        body: { deviceId: TRANSIT_DEVICE, siteId: TRANSIT_DEVICE },
      },
    ],
    *messages({ from, to, truthPath }) {
      const truth = truthPath === undefined ? undefined : createWriteStream(truthPath);
      for (const line of truth ? plantedTransit(network) : []) truth!.write(line);
      yield* transitMessages(TRANSIT_DEVICE, {
        days: serviceDays(network, city.seed, city),
        seed: city.seed,
        from,
        to,
        everyS,
        togetherMs: Number.isFinite(to) ? TOGETHER_MS : LIVE_TOGETHER_MS,
        ...(truth && {
          onRun: (run) => {
            for (const line of tripTruth(run)) truth.write(line);
          },
        }),
      });
      truth?.end();
    },
  };
}

/** Keeps the network's timetable as a version of the lake, holding from the date on. The same again changes nothing. */
export async function importSimulatedTimetable(
  data: DataDirectory,
  network: TransitNetwork,
  from: string,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'headway-gtfs-'));
  try {
    const to = new Date(Date.parse(from) + TIMETABLE_DAYS * DAY_MS).toISOString().slice(0, 10);
    const [written, unpacked] = [join(folder, 'gtfs'), join(folder, 'unpacked')];
    for (const made of [written, unpacked]) mkdirSync(made);
    for (const [name, text] of gtfsFiles(network, from, to)) writeFileSync(join(written, name), text);
    const feed = await unpackFeed(written, unpacked);
    mkdirSync(data.lakePath, { recursive: true });
    const result = await withLakeLock(data, () =>
      importTimetable(feed, {
        directory: data.lakePath,
        feed: 'city',
        source: 'simulated',
        now: Date.now(),
      }),
    );
    if (result.type === 'refused') throw new Error('the simulated timetable was refused');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const TIMETABLE_DAYS = 730;
