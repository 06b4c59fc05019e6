import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import type { City } from '#device-sim/city/city.ts';
import { cityRegistry } from '#device-sim/city/city-registry.ts';
import type { Fault } from '#device-sim/faults/fault.ts';
import { deviceMessages } from '#device-sim/messages/device-messages.ts';
import { truth } from '#device-sim/truth/truth.ts';
import type { Instant } from '#domain/instant.ts';
import { LIVE } from '#domain/log.ts';
import { ALWAYS } from '#domain/registry/registry.ts';
import {
  type PublishableMessage,
  type Published,
  publishRecording,
} from '#ingest/recordings/publish-recording.ts';
import type { DataDirectory } from './data-directory.ts';
import type { SimulatedTransit } from './simulated-transit.ts';

/** Clock domain of a simulated city's past: a recording, until its devices go live. */
const RECORDING = 'recording:simulated-past';
const RECORDER = 'recorder-simulated-past';
/** Minutes of readings in one message of the past. */
const BATCH_MINUTES = 120;

export interface HistoryOptions {
  data: DataDirectory;
  city: City;
  from: Instant;
  to: Instant;
  faults: readonly Fault[];
  /** Where the city's truth is written; not at all without it. */
  truthPath?: string;
  /** Its buses and trams; none without it. */
  transit?: { vehicles: SimulatedTransit; truthPath: string } | undefined;
  host: string;
  port: number;
  /** Called once the door can know the devices. */
  registered: () => Promise<void>;
  onProgress?: (readings: number) => void;
  signal?: AbortSignal;
}

/**
 * Sends what a simulated city's sensors measured in [from, to) through the MQTT door, as a recording; resolves when all
 * is acknowledged. Afterwards the devices belong to the live city.
 */
export async function sendHistory(options: HistoryOptions): Promise<Published> {
  const { data, city, from, to, faults } = options;
  const key = randomBytes(32).toString('base64');
  await data.registry.change([
    ...cityRegistry(city, { validFrom: ALWAYS, domain: RECORDING }).map((c) =>
      c.kind === 'installation' ? { ...c, validFrom: from } : c,
    ),
    {
      kind: 'device',
      id: RECORDER,
      validFrom: ALWAYS,
      body: { deviceId: RECORDER, domain: RECORDING, role: 'recorder', key },
    },
    ...(options.transit?.vehicles.changes(ALWAYS, RECORDING) ?? []),
  ]);
  await options.registered();
  const file = options.truthPath ? createWriteStream(options.truthPath) : undefined;
  const told = file
    ? truth({ city, from, to, faults, detail: 'sums', write: (line) => file.write(line) })
    : undefined;
  const { transit } = options;
  const sensors = deviceMessages(city, {
    from,
    to,
    batchMinutes: BATCH_MINUTES,
    faults,
    ...(told ? { truth: told } : {}),
  });
  const published = await publishRecording({
    messages: transit
      ? byTime(sensors, transit.vehicles.messages({ from, to, truthPath: transit.truthPath }))
      : sensors,
    host: options.host,
    port: options.port,
    recorderId: RECORDER,
    key,
    ...(options.onProgress ? { onProgress: (_messages, readings) => options.onProgress!(readings) } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  told?.close();
  if (file) await closed(file);
  return published;
}

/** Both, in the order of `receivedAt`. */
function* byTime(
  a: Iterator<PublishableMessage>,
  b: Iterator<PublishableMessage>,
): Generator<PublishableMessage, void, undefined> {
  let [first, second] = [a.next(), b.next()];
  while (!first.done || !second.done) {
    if (!first.done && (second.done || first.value.receivedAt <= second.value.receivedAt)) {
      yield first.value;
      first = a.next();
    } else if (!second.done) {
      yield second.value;
      second = b.next();
    }
  }
}

async function closed(file: WriteStream): Promise<void> {
  file.end();
  await once(file, 'finish');
}

/** Hands the devices over from their recorded past to the live city. */
export async function goLive(
  data: DataDirectory,
  city: City,
  transit: SimulatedTransit | undefined,
  now: Instant,
): Promise<void> {
  await data.registry.change(
    [...cityRegistry(city, { validFrom: now, domain: LIVE }), ...(transit?.changes(now, LIVE) ?? [])].filter(
      (c) => c.kind === 'device',
    ),
  );
}
