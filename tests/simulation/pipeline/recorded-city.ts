import { canonicalExport, type RepeatedReadings } from '#analytics/audit/canonical-export.ts';
import { readConfig } from '#apps/config.ts';
import type { DataDirectory } from '#apps/data-directory.ts';
import { lakeSession } from '#apps/lake-session.ts';
import { startPipeline } from '#apps/pipeline.ts';
import type { City } from '#device-sim/city/city.ts';
import { cityRegistry } from '#device-sim/city/city-registry.ts';
import type { Instant } from '#domain/instant.ts';
import { ALWAYS } from '#domain/registry/registry.ts';
import {
  type PublishableMessage,
  type PublishOptions,
  publishRecording,
} from '#ingest/recordings/publish-recording.ts';

export const recorder = { recorderId: 'recorder-city', key: Buffer.alloc(32, 5).toString('base64') };
const DOMAIN = 'recording:city';

/** The city's registry, its devices standing there from `from` on; in a recording unless `domain` says otherwise. */
export async function registerCity(
  data: DataDirectory,
  city: City,
  from: Instant,
  domain = DOMAIN,
): Promise<void> {
  const { recorderId, key } = recorder;
  await data.registry.change([
    ...cityRegistry(city, { validFrom: ALWAYS, domain }).map((c) =>
      c.kind === 'installation' ? { ...c, validFrom: from } : c,
    ),
    {
      kind: 'device',
      id: recorderId,
      validFrom: ALWAYS,
      body: { deviceId: recorderId, domain: DOMAIN, role: 'recorder', key },
    },
  ]);
}

/** Sends messages as a recording into an embedded pipeline, to the end of processing. */
export async function sendRecording(
  data: DataDirectory,
  messages: readonly PublishableMessage[],
  options: { env?: NodeJS.ProcessEnv } & Pick<PublishOptions, 'connections'> = {},
): Promise<void> {
  const { env, ...publish } = options;
  const pipeline = await startPipeline(readConfig(undefined, env ?? {}), data, { ephemeral: true });
  try {
    const { port } = pipeline.gateway;
    await publishRecording({ messages, host: '127.0.0.1', port, ...recorder, ...publish });
    await pipeline.processed();
  } finally {
    await pipeline.stop();
  }
}

/** What two runs must agree on, line by line. */
export async function canonicalLines(
  data: DataDirectory,
): Promise<{ lines: string[]; repeats: RepeatedReadings[] }> {
  const lake = await lakeSession(data);
  try {
    const lines: string[] = [];
    const { repeats } = await canonicalExport(lake, (line) => lines.push(line));
    return { lines, repeats };
  } finally {
    lake.closeSync();
  }
}

/** Lines that only one of the two has. */
export function differing(one: readonly string[], other: readonly string[]): string[] {
  const [inOne, inOther] = [new Set(one), new Set(other)];
  return [
    ...one.filter((line) => !inOther.has(line)).map((line) => `- ${line}`),
    ...other.filter((line) => !inOne.has(line)).map((line) => `+ ${line}`),
  ];
}
