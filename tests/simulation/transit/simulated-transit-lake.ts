import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { readManifest } from '#analytics/lake/manifest.ts';
import { readingFields } from '#analytics/lake/reading-fields.ts';
import { createTimetableViews } from '#analytics/timetable/timetable-views.ts';
import type { City } from '#device-sim/city/city.ts';
import { simulatedCity } from '#device-sim/city/simulated-city.ts';
import { cityTransit } from '#device-sim/transit/city-transit.ts';
import { gtfsFiles } from '#device-sim/transit/gtfs-files.ts';
import { nativeReadings } from '#device-sim/transit/native-readings.ts';
import type { ServiceDay, TripRun, TrueVisit } from '#device-sim/transit/service-day.ts';
import { serviceDays } from '#device-sim/transit/service-days.ts';
import type { TransitNetwork } from '#device-sim/transit/transit-network.ts';
import { type Report, vehicleReports } from '#device-sim/transit/vehicle-reports.ts';
import { HOUR_MS, type Instant } from '#domain/instant.ts';
import { smallLake } from '../../golden/measures/small-lake.ts';
import { importText } from '../../unit/gtfs/small-feed.ts';

export interface SimulatedBuses {
  city: City;
  network: TransitNetwork;
  day: ServiceDay;
  /** All that vehicles report in a span of the day (all of it without one). */
  reports(everyS: number, span?: { from: Instant; to: Instant }): Iterable<Report>;
  /** A session with the timetable, and room for what is matched. */
  lake(): Promise<DuckDBConnection>;
}

export function simulatedBuses(date: string): SimulatedBuses {
  const city = simulatedCity({ seed: 1, sensors: 60 });
  const network = cityTransit(city);
  const days = serviceDays(network, city.seed, city);
  const day = days.day(date);
  const all = { from: day.dayStartAt + 4 * HOUR_MS, to: day.dayStartAt + 27 * HOUR_MS };
  return {
    city,
    network,
    day,
    reports: (everyS, span = all) => vehicleReports({ days, seed: city.seed, everyS, ...span }),
    lake: async () => {
      const files = [...gtfsFiles(network, date, date)].map(([name, text]) => [
        name.replace('.txt', ''),
        text,
      ]);
      const imported = await importText(Object.fromEntries(files));
      const db = await smallLake({ timezone: city.timezone });
      await createTimetableViews(db, imported.directory, readManifest(imported.directory).timetables);
      const fields = readingFields.filter(([wire]) => wire !== 'observedAt');
      await db.run(`CREATE OR REPLACE TABLE readings (partition INTEGER, position BIGINT, index INTEGER, device_id VARCHAR,
        received_at TIMESTAMPTZ, outcome VARCHAR, reason VARCHAR, via BIGINT, observed_at TIMESTAMPTZ,
        ${fields.map(([, column, type]) => `${column} ${type}`).join(', ')})`);
      return db;
    },
  };
}

/** What is true of a trip's visit, by trip and position. */
export function trueVisits(day: ServiceDay): Map<string, { run: TripRun; visit: TrueVisit }> {
  return new Map(
    day.runs.flatMap((run) =>
      run.visits.map((visit) => [`${run.trip.tripId}/${visit.position}`, { run, visit }] as const),
    ),
  );
}

/** As rows of `readings`, each counted, in the order they were received. */
export async function logReadings(
  db: DuckDBConnection,
  folder: string,
  reports: Iterable<Report>,
): Promise<void> {
  const readings = function* () {
    for (const report of reports) {
      for (const reading of nativeReadings(report)) yield { receivedAt: report.receivedAt, reading };
    }
  };
  await logAll(db, folder, readings());
}

export async function logAll(
  db: DuckDBConnection,
  folder: string,
  readings: Iterable<{ receivedAt: Instant; reading: Record<string, unknown> }>,
): Promise<void> {
  const lines: string[] = [];
  for (const { receivedAt, reading } of readings) {
    lines.push(
      JSON.stringify({
        device_id: 'buses',
        received_at: new Date(receivedAt).toISOString(),
        outcome: 'counted',
        partition: 0,
        position: lines.length,
        index: 0,
        ...Object.fromEntries(Object.entries(reading).map(([name, value]) => [snake(name), value])),
      }),
    );
  }
  const file = join(folder, 'readings.ndjson');
  writeFileSync(file, lines.join('\n'));
  await db.run(`INSERT INTO readings BY NAME SELECT * FROM read_json('${file}', format = 'newline_delimited',
    sample_size = -1)`);
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
