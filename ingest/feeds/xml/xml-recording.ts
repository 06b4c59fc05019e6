import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Instant } from '#domain/instant.ts';
import type { ForeignMessage } from '../feed.ts';
import { recordedFiles } from '../recorded-files.ts';

/** Documents, one an *.xml file: received when each says it was made, else at the file's date. */
export async function* xmlRecording(
  path: string,
  madeAt: (text: string) => Instant | undefined,
): AsyncGenerator<ForeignMessage> {
  const files = await recordedFiles(path, /\.xml$/i, 'XML document (*.xml)');
  const timed = await Promise.all(
    files.map(async (file) => {
      const saidAt = madeAt(await readFile(file, 'utf8'));
      return saidAt === undefined
        ? { file, receivedAt: Math.floor((await stat(file)).mtimeMs) }
        : { file, receivedAt: saidAt, isReceiptUnknown: true as const };
    }),
  );
  for (const { file, ...received } of timed.toSorted((a, b) => a.receivedAt - b.receivedAt)) {
    yield { ...received, source: basename(file), body: await readFile(file) };
  }
}
