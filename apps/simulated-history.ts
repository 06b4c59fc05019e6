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
import { type Published, publishRecording } from '#ingest/recordings/publish-recording.ts';
import type { DataDirectory } from './data-directory.ts';

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
  ]);
  await options.registered();
  const file = options.truthPath ? createWriteStream(options.truthPath) : undefined;
  const told = file
    ? truth({ city, from, to, faults, detail: 'sums', write: (line) => file.write(line) })
    : undefined;
  const published = await publishRecording({
    messages: deviceMessages(city, {
      from,
      to,
      batchMinutes: BATCH_MINUTES,
      faults,
      ...(told ? { truth: told } : {}),
    }),
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

async function closed(file: WriteStream): Promise<void> {
  file.end();
  await once(file, 'finish');
}

/** Hands the devices over from their recorded past to the live city. */
export async function goLive(data: DataDirectory, city: City, now: Instant): Promise<void> {
  await data.registry.change(
    cityRegistry(city, { validFrom: now, domain: LIVE }).filter((c) => c.kind === 'device'),
  );
}
