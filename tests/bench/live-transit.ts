import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openDataDirectory } from '#apps/data-directory.ts';
import { importSimulatedTimetable } from '#apps/simulated-transit.ts';
import { mqttConnection } from '#device-sim/live/mqtt-connection.ts';
import { nativeReadings } from '#device-sim/transit/native-readings.ts';
import { vehicleReports } from '#device-sim/transit/vehicle-reports.ts';
import { SECOND_MS } from '#domain/instant.ts';
import { keyOf, sensor } from '../system/recovery/run-pipeline.ts';
import type { Bench, BenchRow, Scale } from './bench-row.ts';
import { lineFleet } from './line-fleet.ts';

/** A city's vehicles, a position a second each, through the door of `headway up` to the stop visits it tells. */
export const liveTransit: Bench = {
  name: 'live-transit',
  run: async (scale) => (await measureLiveTransit(scale)).rows,
};

const DEVICES = ['fleet-0', 'fleet-1', 'fleet-2', 'fleet-3'];
/** What vehicles report within this time travels together. */
const TOGETHER_MS = 200;

export interface LiveTransit {
  rows: BenchRow[];
  /** Visits told, and of those the ones that are true within two seconds. */
  visits: number;
  trueVisits: number;
}

export async function measureLiveTransit(scale: Scale): Promise<LiveTransit> {
  const vehicles = scale === 'full' ? 2_000 : 100;
  const seconds = scale === 'full' ? 60 : 12;
  /** Until the thread that tells visits has its timetable. */
  const settlesS = scale === 'full' ? 12 : 6;
  const directory = mkdtempSync(join(process.cwd(), '.headway-bench-'));
  const data = openDataDirectory(directory);
  const started = Date.now() + settlesS * SECOND_MS;
  const to = started + (settlesS + seconds) * SECOND_MS;
  const fleet = lineFleet(vehicles, started, to);
  try {
    await data.setCity({ name: 'Lines', timezone: 'UTC' });
    await data.registry.change(DEVICES.flatMap(sensor));
    await importSimulatedTimetable(data, fleet.network, fleet.date);
    const child = fork(new URL('./live-transit-process.ts', import.meta.url), [directory]);
    const answer = async <T>(question?: string): Promise<T> => {
      const [value] = await Promise.all([once(child, 'message'), question && child.send(question)]);
      return value[0] as T;
    };
    const { port } = await answer<{ port: number }>();
    const lines = await Promise.all(
      DEVICES.map((deviceId) => mqttConnection({ deviceId, key: keyOf(deviceId), host: '127.0.0.1', port })),
    );
    const measuredFrom = Date.now() + settlesS * SECOND_MS;
    const sending = send(fleet, lines, Date.now(), measuredFrom + seconds * SECOND_MS);
    await new Promise((resolve) => setTimeout(resolve, measuredFrom - Date.now()));
    const before = await answer<{ cpuS: number }>('sample');
    const readings = await sending;
    const after = await answer<{ cpuS: number; rssMb: number }>('sample');
    const elapsedS = (Date.now() - measuredFrom) / 1_000;
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    await Promise.all(lines.map((l) => l.close()));
    await answer('stop');

    const told = readTold(join(directory, 'live'));
    const truth = new Map(
      fleet.days
        .day(fleet.date)
        .runs.flatMap((run) => run.visits.map((v) => [`${run.trip.tripId}/${v.position}`, v] as const)),
    );
    const latencyMs: number[] = [];
    const first = new Set<string>();
    let trueVisits = 0;
    for (const t of told) {
      for (const end of ['arrival_at', 'departure_at'] as const) {
        // How soon it was told first; what is corrected afterwards stands on more than that.
        const name = `${t.trip_id}/${t.position}/${end}`;
        if (t[end] === null || first.has(name)) continue;
        first.add(name);
        if (Date.parse(t[end]) >= measuredFrom) latencyMs.push(Date.parse(t.known_at) - Date.parse(t[end]));
      }
      const visit = truth.get(`${t.trip_id}/${t.position}`);
      const near = (told_: string | null, true_: number) =>
        told_ === null || Math.abs(Date.parse(told_) - true_) <= 2_000;
      if (visit && near(t.arrival_at, visit.arrivalAt) && near(t.departure_at, visit.departureAt))
        trueVisits += 1;
    }
    latencyMs.sort((a, b) => a - b);
    const of = `${vehicles.toLocaleString('en-GB')} vehicles at 1 Hz`;
    return {
      visits: told.length,
      trueVisits,
      rows: [
        {
          name: `${of}: from an arrival or departure to its stop visit, p99`,
          value: latencyMs[Math.floor(0.99 * latencyMs.length)] ?? Number.NaN,
          unit: 'ms',
          atMost: 2_000,
        },
        {
          name: `${of}: door, log, processing, stop visits`,
          value: Math.round(((after.cpuS - before.cpuS) / elapsedS) * 100) / 100,
          unit: 'cores',
          atMost: 1,
        },
        { name: `${of}: memory`, value: Math.round(after.rssMb), unit: 'MB' },
        {
          name: `${of}: told`,
          value: told.length,
          unit: `visits, of ${readings.toLocaleString('en-GB')} positions`,
        },
      ],
    };
  } finally {
    data.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Told {
  trip_id: string;
  position: number;
  arrival_at: string | null;
  departure_at: string | null;
  known_at: string;
}

function readTold(path: string): Told[] {
  return readdirSync(path)
    .filter((name) => name.endsWith('.ndjson'))
    .flatMap((name) => readFileSync(join(path, name), 'utf8').trim().split('\n'))
    .map((line) => JSON.parse(line) as Told);
}

/** Each position at the moment it is of; returns how many there were. */
async function send(
  { days }: ReturnType<typeof lineFleet>,
  lines: readonly { send(payload: Uint8Array): Promise<void> }[],
  from: number,
  to: number,
): Promise<number> {
  let sent = 0;
  let slot = 0;
  let batches: string[][] = lines.map(() => []);
  const inFlight: Promise<void>[] = [];
  const reports = vehicleReports({ days, seed: 1, from, to, everyS: 1 });
  let minute: { at: number; vehicle: number; text: string }[] = [];
  let minuteAt = Number.NaN;
  const flush = async () => {
    minute.sort((a, b) => a.at - b.at);
    for (const { at, vehicle, text } of minute) {
      const own = Math.floor(at / TOGETHER_MS);
      if (own !== slot) {
        const due = own * TOGETHER_MS;
        batches.forEach((texts, i) => {
          if (texts.length > 0) inFlight.push(lines[i]!.send(Buffer.from(`[${texts.join(',')}]`)));
        });
        batches = lines.map(() => []);
        slot = own;
        if (due > Date.now())
          await new Promise((resolve) => setTimeout(resolve, due + TOGETHER_MS - Date.now()));
      }
      batches[vehicle % lines.length]!.push(text);
      sent += 1;
    }
    minute = [];
  };
  for (const report of reports) {
    if (report.type !== 'position') continue;
    const own = Math.floor(report.at / 60_000);
    if (own !== minuteAt) {
      await flush();
      minuteAt = own;
    }
    minute.push({
      at: report.at,
      vehicle: report.run.trip.departureS[0]! % lines.length,
      text: JSON.stringify(nativeReadings(report)[0]),
    });
  }
  await flush();
  await Promise.all(inFlight);
  return sent;
}
