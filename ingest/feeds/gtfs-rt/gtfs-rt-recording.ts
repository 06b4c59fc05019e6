import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Instant, SECOND_MS } from '#domain/instant.ts';
import type { ForeignMessage } from '../feed.ts';
import { recordedFiles } from '../recorded-files.ts';

/**
 * Snapshots, one a file. When one was received is told by its name where that begins with Unix seconds
 * (`1707397157.ace.pb`), else by its own header, else by the file's date.
 */
export async function* gtfsRtRecording(
  path: string,
  headerTime: (body: Uint8Array) => Instant | undefined,
): AsyncGenerator<ForeignMessage> {
  const files = await recordedFiles(
    path,
    /\.(pb|pbf|gtfsrt)$/i,
    'GTFS-Realtime file (*.pb, *.pbf, *.gtfsrt)',
  );
  const timed = await Promise.all(
    files.map(async (file) => {
      const named = /^(\d{10})\D/.exec(basename(file));
      if (named) return { file, receivedAt: Number(named[1]) * SECOND_MS };
      const madeAt = headerTime(await readFile(file));
      return madeAt === undefined
        ? { file, receivedAt: Math.floor((await stat(file)).mtimeMs) }
        : { file, receivedAt: madeAt, isReceiptUnknown: true as const };
    }),
  );
  for (const { file, ...received } of timed.toSorted((a, b) => a.receivedAt - b.receivedAt)) {
    yield { ...received, source: basename(file), body: await readFile(file) };
  }
}
