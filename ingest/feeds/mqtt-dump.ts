import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { type Instant, parseInstant } from '#domain/instant.ts';
import type { ForeignMessage } from './feed.ts';
import { mergeByTime } from './merge-by-time.ts';
import { recordedFiles } from './recorded-files.ts';

/**
 * Lines `<received> <topic> <json>` of one *.dump file, or of all in a folder, by the time they were received. Headsigns
 * hold spaces: the JSON begins at the first ` {`.
 */
export async function* mqttDump(path: string): AsyncGenerator<ForeignMessage> {
  const files = await recordedFiles(path, /\.dump$/, 'dump of MQTT messages (*.dump)');
  yield* mergeByTime(files.map(messagesOf));
}

async function* messagesOf(file: string): AsyncGenerator<ForeignMessage> {
  const input = createReadStream(file);
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  let receivedAt: Instant | undefined;
  /** Lines before the first that says when it was received. */
  const early: string[] = [];
  try {
    for await (const line of lines) {
      if (line.trim() === '') continue;
      const space = line.indexOf(' ');
      const at = parseInstant(line.slice(0, space));
      receivedAt = at ?? receivedAt;
      if (receivedAt === undefined) {
        early.push(line);
        continue;
      }
      for (const before of early.splice(0)) yield unread(before, receivedAt);
      if (at === undefined) yield unread(line, receivedAt);
      else {
        const json = line.indexOf(' {', space);
        const end = json < 0 ? line.length : json;
        yield { receivedAt, source: line.slice(space + 1, end), body: Buffer.from(line.slice(end + 1)) };
      }
    }
  } finally {
    input.destroy();
  }
}

function unread(line: string, receivedAt: Instant): ForeignMessage {
  return { receivedAt, source: '', body: Buffer.from(line) };
}
