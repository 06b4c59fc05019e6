import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Instant } from '#domain/instant.ts';
import type { ForeignMessage } from '../feed.ts';
import { recordedFiles } from '../recorded-files.ts';

/** Documents, one a *.json or *.jsonld file: received when what is in each was over, else at the file's date. */
export async function* jsonRecording(
  path: string,
  overAt: (body: Uint8Array) => Instant | undefined,
): AsyncGenerator<ForeignMessage> {
  const files = await recordedFiles(path, /\.json(ld)?$/i, 'JSON document (*.json, *.jsonld)');
  const messages = await Promise.all(
    files.map(async (file): Promise<ForeignMessage> => {
      const body = await readFile(file);
      const receivedAt = overAt(body) ?? Math.floor((await stat(file)).mtimeMs);
      return { receivedAt, source: basename(file), body };
    }),
  );
  yield* messages.toSorted((a, b) => a.receivedAt - b.receivedAt);
}
