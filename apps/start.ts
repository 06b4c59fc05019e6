import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listReports } from '#analytics/notebooks/reports.ts';
import type { City } from '#device-sim/city/city.ts';
import { simulatedCity } from '#device-sim/city/simulated-city.ts';
import { plantedFaults } from '#device-sim/faults/planted-faults.ts';
import { liveClock } from '#device-sim/live/live-clock.ts';
import { runLiveSensors } from '#device-sim/live/run-live-sensors.ts';
import { runLiveTransit } from '#device-sim/live/run-live-transit.ts';
import { cityTime } from '#domain/city-time.ts';
import { DAY_MS, type Instant, MINUTE_MS } from '#domain/instant.ts';
import { type Config, OperatorFault } from './config.ts';
import type { DataDirectory } from './data-directory.ts';
import { lakeSession, refreshLake } from './lake-session.ts';
import { matchDates } from './match-dates.ts';
import { type Pipeline, startPipeline, withDoor } from './pipeline.ts';
import { renderReport } from './report.ts';
import { roleHealth } from './role-health.ts';
import { everyRole } from './roles.ts';
import { goLive, sendHistory } from './simulated-history.ts';
import {
  importSimulatedTimetable,
  type SimulatedTransit,
  simulatedTransit,
  TRANSIT_DEVICE,
} from './simulated-transit.ts';
import { up } from './up.ts';

export interface StartOptions {
  config: Config;
  data: DataDirectory;
  sensors: number;
  days: number;
  seed: number;
  faults: boolean;
  /** Its buses and trams run too, each telling where it is every so many seconds. */
  transit?: { everyS: number } | undefined;
  /** End after the first report instead of going on live. */
  once: boolean;
  /** Sensors that use the Azure IoT device SDK. */
  azureSensors: number;
  signal: AbortSignal;
  say: (line: string) => void;
  onProgress: (readings: number, total: number) => void;
  ledgerSum: () => Promise<string>;
}

/** What is known of the simulated city of a data directory. */
interface Simulated {
  seed: number;
  sensors: number;
  from: Instant;
  to: Instant;
  transit?: { everyS: number } | undefined;
  /** Only until the whole past has been sent: whoever finds it set sends it again. */
  sending?: { faults: boolean };
}

/** A simulated city with a past, through the real door, to its first report; then it lives on. */
export async function start(options: StartOptions): Promise<void> {
  const { config, data, once, signal, say } = options;
  const known = await readSimulated(data);
  const city = simulatedCity({
    seed: known?.seed ?? options.seed,
    sensors: known?.sensors ?? options.sensors,
  });
  await data.setCity({ name: city.name, timezone: city.timezone });
  say(
    `${city.name}: a simulated city with ${city.sensors.length} sensors (seed ${city.seed}), in ${data.path}`,
  );
  const failed = new AbortController();
  const ended = AbortSignal.any([signal, failed.signal]);
  const roles = everyRole(config);
  const running = once ? undefined : await up(config, data, roles, ended, say, roleHealth(roles));
  const pipeline = running ? withDoor(running.parts) : await startPipeline(config, data, { ephemeral: true });
  try {
    const simulated = known ?? newPast(options, city);
    const transit = simulated.transit && simulatedTransit({ city, ...simulated.transit });
    if (simulated.sending) await past(options, city, transit, pipeline, simulated);
    else say(`its past is there already; ledger: ${await options.ledgerSum()}`);
    const to = cityTime(city.timezone).dateOf(simulated.to);
    say('exporting to the lake and writing the weekly report');
    say(`weekly report: ${await weeklyReport(data, city, to)}`);
    if (running) {
      await live(options, city, transit, pipeline, simulated, running.apiUrl!);
      await running.done;
    }
  } finally {
    failed.abort();
    if (running) await running.done.catch(() => {});
    else await pipeline.stop();
  }
}

function newPast({ days, sensors, faults, transit }: StartOptions, city: City): Simulated {
  const time = cityTime(city.timezone);
  const to = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  const [year, month, day] = time
    .dateOf(to - days * DAY_MS)
    .split('-')
    .map(Number) as [number, number, number];
  const midnight = time.meaningOf({ year, month, day, hour: 0, minute: 0 });
  const from = midnight.type === 'once' ? midnight.at : to - days * DAY_MS;
  return { seed: city.seed, sensors, from, to, transit, sending: { faults } };
}

/** Sends the city's past. Begun again after an interruption, what was counted before comes as duplicates. */
async function past(
  options: StartOptions,
  city: City,
  transit: SimulatedTransit | undefined,
  pipeline: Pipeline,
  simulated: Simulated,
): Promise<void> {
  const { data, config, say } = options;
  const { from, to, sending, ...known } = simulated;
  writeSimulated(data, simulated);
  const total = ((to - from) / MINUTE_MS) * city.points.length;
  const days = Math.round((to - from) / DAY_MS);
  const truthPath = join(data.path, 'truth.ndjson');
  say(
    `sending its last ${days} days, about ${total.toLocaleString('en-GB')} readings, through MQTT on ${config.gateway.host}:${pipeline.gateway.port}`,
  );
  const transitTruthPath = join(data.path, 'transit-truth.ndjson');
  if (transit) {
    const { network } = transit;
    await importSimulatedTimetable(data, network, cityTime(network.timezone).dateOf(from));
    say(`with the vehicles of ${network.routes.length} bus and tram routes, whose timetable is imported`);
  }
  const started = Date.now();
  const sent = await sendHistory({
    data,
    city,
    from,
    to,
    faults: sending?.faults ? plantedFaults(city, { from, to }) : [],
    truthPath,
    transit: transit && { vehicles: transit, truthPath: transitTruthPath },
    host: config.gateway.host,
    port: pipeline.gateway.port,
    registered: pipeline.refreshDevices,
    onProgress: (readings) => options.onProgress(readings, total),
    signal: options.signal,
  });
  await pipeline.processed();
  const seconds = ((Date.now() - started) / 1_000).toFixed(1);
  say(`${sent.readings.toLocaleString('en-GB')} readings acknowledged and processed in ${seconds} s`);
  say(`ledger: ${await options.ledgerSum()}`);
  say(`what the city knows to be true: ${truthPath}${transit ? `, ${transitTruthPath}` : ''}`);
  if (transit) {
    await refreshLake(data);
    const dates = await matchDates(data);
    say(`matched trips and stop visits of ${dates.length} service dates`);
  }
  writeSimulated(data, { ...known, from, to });
}

async function weeklyReport(data: DataDirectory, city: City, to: string): Promise<string> {
  const connection = await lakeSession(data);
  const weekly = (await listReports()).find((r) => r.name === 'weekly')!;
  const { html, errors } = await renderReport({ connection, city, path: weekly.path, parameters: { to } });
  if (errors.length > 0) {
    throw new Error(
      `the weekly report failed in ${errors.map((e) => `${e.block}: ${e.message}`).join('; ')}`,
    );
  }
  mkdirSync(data.reportsPath, { recursive: true });
  const path = join(data.reportsPath, `weekly-${to}.html`);
  writeFileSync(path, html);
  return path;
}

async function live(
  options: StartOptions,
  city: City,
  transit: SimulatedTransit | undefined,
  pipeline: Pipeline,
  simulated: Simulated,
  apiUrl: string,
): Promise<void> {
  const { config, data, say, signal } = options;
  const { host, hubName } = config.gateway;
  await goLive(data, city, transit, simulated.to);
  await pipeline.refreshDevices();
  say(
    `live: ${city.sensors.length} sensors now send a reading a minute; the page is at ${apiUrl} (Ctrl-C ends)`,
  );
  const faults = options.faults ? plantedFaults(city, { from: simulated.from, to: simulated.to }) : [];
  const { tlsPort } = pipeline.gateway;
  const from = Math.max(simulated.to, Date.now() - DAY_MS / 24);
  const stopped = (error: unknown) =>
    say(`the live city stopped: ${error instanceof Error ? error.message : String(error)}`);
  if (transit) {
    void liveTransit(transit, { host, port: pipeline.gateway.port }, from, signal).catch(stopped);
  }
  void runLiveSensors({
    city,
    host,
    port: pipeline.gateway.port,
    ...(tlsPort && options.azureSensors > 0
      ? {
          azure: {
            sensors: options.azureSensors,
            hubHostName: hubName,
            gateway: `localhost:${tlsPort}`,
            ca: readFileSync(join(data.certificatesPath, 'ca.pem'), 'utf8'),
          },
        }
      : {}),
    clock: liveClock(),
    signal,
    // After a pause the city goes on from now; straight after its past, from where that ended.
    from,
    faults,
  }).catch(stopped);
}

async function liveTransit(
  transit: SimulatedTransit,
  { host, port }: { host: string; port: number },
  from: Instant,
  signal: AbortSignal,
): Promise<void> {
  await runLiveTransit({
    messages: transit.messages({ from, to: Number.POSITIVE_INFINITY }),
    deviceId: TRANSIT_DEVICE,
    key: transit.key,
    host,
    port,
    clock: liveClock(),
    signal,
  });
}

function writeSimulated(data: DataDirectory, simulated: Simulated): void {
  data.db.prepare("INSERT OR REPLACE INTO meta VALUES ('simulated', ?)").run(JSON.stringify(simulated));
}

async function readSimulated(data: DataDirectory): Promise<Simulated | undefined> {
  const row = data.db.prepare("SELECT value FROM meta WHERE name = 'simulated'").get() as
    | { value: string }
    | undefined;
  if (row) return JSON.parse(row.value);
  const city = data.city();
  if (!city || (await data.registry.version()) === 0) return undefined;
  throw new OperatorFault(
    `${data.path} holds the city ${city.name}, which is not simulated`,
    'a simulated city and a real one must not share a directory',
    'choose another with --data, or run `headway up` for the city that is there',
  );
}
