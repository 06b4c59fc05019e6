import { once } from 'node:events';
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { simulatedCity } from '#device-sim/city/simulated-city.ts';
import { gtfsRtSnapshots } from '#device-sim/transit/gtfs-rt-snapshots.ts';
import { hfpLine } from '#device-sim/transit/hfp-lines.ts';
import { lendRoads } from '#device-sim/transit/lent-roads.ts';
import { nativeReadings } from '#device-sim/transit/native-readings.ts';
import { serviceDays } from '#device-sim/transit/service-days.ts';
import { type LeftOut, type Plant, plantOnTimetable } from '#device-sim/transit/timetable-plants.ts';
import type { TransitNetwork } from '#device-sim/transit/transit-network.ts';
import { plantedTransit, plantTruth, tripTruth } from '#device-sim/transit/transit-truth.ts';
import { type Report, vehicleReports } from '#device-sim/transit/vehicle-reports.ts';
import { formatInstant, HOUR_MS, SECOND_MS } from '#domain/instant.ts';

export type FeedFormat = 'hfp' | 'gtfs-rt' | 'ndjson';

export interface SimulatedFeedOptions {
  network: TransitNetwork;
  date: string;
  seed: number;
  everyS: number;
  format: FeedFormat;
  /** A folder, made where there is none. */
  out: string;
  onProgress?: (reports: number) => void;
}

export interface SimulatedFeed {
  reports: number;
  trips: number;
  planted: Plant[];
  /** What the timetable can not bear. */
  leftOut: LeftOut[];
}

/** Of the city whose arterials are lent: a dozen of them, a day's traffic in half a second. */
const CITY_SENSORS = 300;

/** Writes a service date of a timetable as the recording of a feed, with what was planted and true in `transit-truth.ndjson`. */
export async function writeSimulatedFeed(options: SimulatedFeedOptions): Promise<SimulatedFeed> {
  const { date, seed, everyS, format, out } = options;
  mkdirSync(out, { recursive: true });
  const truth = createWriteStream(join(out, 'transit-truth.ndjson'));
  const { network: asPlanted, planted, leftOut } = plantOnTimetable(options.network, date);
  const city = simulatedCity({ seed, sensors: CITY_SENSORS, timezone: asPlanted.timezone });
  const network = lendRoads(asPlanted, city);
  for (const line of plantedTransit(network)) truth.write(line);
  for (const line of plantTruth(planted, leftOut)) truth.write(line);
  const days = serviceDays(network, seed, city);
  const { runs, dayStartAt } = days.day(date);
  for (const run of runs) for (const line of tripTruth(run)) truth.write(line);
  const last = Math.max(...runs.map((r) => r.startAt + r.alongM.length * SECOND_MS));
  let reports = 0;
  const counted = function* (): Generator<Report> {
    for (const report of vehicleReports({ days, seed, everyS, from: dayStartAt - HOUR_MS, to: last })) {
      reports += 1;
      if (reports % 10_000 === 0) options.onProgress?.(reports);
      yield report;
    }
  };
  const types = new Map(network.routes.map((r) => [r.routeId, r.type]));
  if (format === 'gtfs-rt') {
    for (const { at, body } of gtfsRtSnapshots(counted(), everyS)) {
      writeFileSync(join(out, `${at / SECOND_MS}.pb`), body);
    }
  } else {
    const file = createWriteStream(join(out, format === 'hfp' ? `${date}.dump` : `${date}.ndjson`));
    for (const report of counted()) {
      const lines =
        format === 'hfp'
          ? [hfpLine(report, types.get(report.run.pattern.routeId) ?? 3)]
          : nativeReadings(report).map((r) =>
              JSON.stringify({
                deviceId: 'simulated-transit',
                receivedAt: formatInstant(report.receivedAt),
                ...r,
              }),
            );
      for (const line of lines) {
        if (line !== undefined && !file.write(`${line}\n`)) await once(file, 'drain');
      }
    }
    file.end();
    await finished(file);
  }
  truth.end();
  await finished(truth);
  return { reports, trips: runs.length, planted, leftOut };
}
