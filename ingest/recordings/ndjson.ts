import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { formatInstant, HOUR_MS, type Instant, parseInstant, SECOND_MS } from '#domain/instant.ts';
import { device as deviceSchema } from '#domain/registry/entries.ts';
import { type Caveats, caveatCounter } from './caveats.ts';
import { findFile, nameFromPath } from './find-file.ts';
import { messageBatches, type RecordedReading } from './message-batches.ts';
import { emptyRegistry, type RecordedRegistry, type RecordingFormat } from './recording.ts';
import { RecordingFault } from './recording-fault.ts';

/**
 * Native readings, one JSON object a line. Beside its own fields a line has `deviceId` (or the whole file has one, by
 * option) and may have `receivedAt`: readings that share both travel in one message. Without it a reading is received
 * at the end of its own interval.
 */
export const ndjson: RecordingFormat = {
  name: 'ndjson',
  describe: 'native readings, one JSON object a line, each with deviceId and perhaps receivedAt',
  open: async (path, options) => {
    const file = await findFile(path, /\.(ndjson|jsonl)$/i, 'NDJSON file');
    const opened = caveatCounter();
    const { registry, firstAt } = await scanLines(file, options.device);
    for (const deviceId of registry.deviceIds)
      opened.add('no-position', 'the site has no position', deviceId);
    let caveats = opened.copy();
    return {
      name: options.name ?? nameFromPath(file),
      timezone: options.timezone ?? 'UTC',
      city: nameFromPath(file),
      registry,
      notes: [],
      messages: () => {
        caveats = opened.copy();
        return messageBatches(readReadings(file, options.device, firstAt, caveats), HOUR_MS);
      },
      caveats: () => caveats.list(),
    };
  },
};

/** A line, once it is seen to be a reading of some device. */
interface Line {
  deviceId: string;
  receivedAt: Instant | undefined;
  reading: Record<string, unknown>;
}

async function* readReadings(
  file: string,
  device: string | undefined,
  firstAt: Instant,
  caveats: Caveats,
): AsyncGenerator<RecordedReading> {
  const lastAt = new Map<string, Instant>();
  for await (const [number, text] of linesOf(file)) {
    const line = readLine(text, device);
    if (typeof line === 'string') {
      caveats.add(
        'unreadable-line',
        'the line can not be given to a device, and is not sent',
        `line ${number}: ${line}`,
      );
      continue;
    }
    const { deviceId, reading } = line;
    const receivedAt = line.receivedAt ?? endOf(reading) ?? lastAt.get(deviceId) ?? firstAt;
    lastAt.set(deviceId, receivedAt);
    yield {
      deviceId,
      receivedAt,
      json: JSON.stringify(reading),
      ...(line.receivedAt !== undefined && { sharedBy: formatInstant(line.receivedAt) }),
    };
  }
}

/** What the lines say of their devices: the registry, and the first time any of them names. */
async function scanLines(
  file: string,
  device: string | undefined,
): Promise<{ registry: RecordedRegistry; firstAt: Instant }> {
  const seen = new Map<string, { periodS?: number; lanes: Set<number>; directions: Set<string> }>();
  let firstAt: Instant | undefined;
  for await (const [, text] of linesOf(file)) {
    const line = readLine(text, device);
    if (typeof line === 'string') continue;
    const { deviceId, reading } = line;
    firstAt ??= line.receivedAt ?? endOf(reading);
    let facts = seen.get(deviceId);
    if (!facts) {
      facts = { lanes: new Set(), directions: new Set() };
      seen.set(deviceId, facts);
    }
    if (isWhole(reading.periodS)) facts.periodS ??= reading.periodS;
    if (isWhole(reading.lane)) facts.lanes.add(reading.lane);
    if (typeof reading.direction === 'string' && reading.direction) facts.directions.add(reading.direction);
  }
  if (firstAt === undefined) {
    throw new RecordingFault(
      `${file} holds no reading that can be sent`,
      'no line has a deviceId and a time',
      'Each line is a JSON object with deviceId (or name one with --device), kind and observedAt.',
    );
  }
  const registry = emptyRegistry();
  for (const [deviceId, { periodS, lanes, directions }] of seen) {
    registry.sites.push({ siteId: deviceId });
    registry.deviceIds.push(deviceId);
    registry.installations.push({
      deviceId,
      siteId: deviceId,
      ...(periodS !== undefined && periodS <= 86_400 && { periodS }),
      ...(lanes.size > 0 && { lanes: [...lanes].filter((l) => l <= 999).sort((a, b) => a - b) }),
      ...(directions.size > 0 && { directions: [...directions].filter((d) => d.length <= 128) }),
    });
  }
  return { registry, firstAt };
}

function readLine(text: string, device: string | undefined): Line | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return `no JSON: ${text.slice(0, 60)}`;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'no JSON object';
  const { deviceId = device, receivedAt, ...reading } = value as Record<string, unknown>;
  if (!deviceSchema.shape.deviceId.safeParse(deviceId).success)
    return `deviceId is ${JSON.stringify(deviceId)}`;
  const received = typeof receivedAt === 'string' ? parseInstant(receivedAt) : undefined;
  if (receivedAt !== undefined && received === undefined)
    return `receivedAt is ${JSON.stringify(receivedAt)}`;
  return { deviceId: deviceId as string, receivedAt: received, reading };
}

function endOf({ observedAt, periodS }: Record<string, unknown>): Instant | undefined {
  const at = typeof observedAt === 'string' ? parseInstant(observedAt) : undefined;
  return at === undefined ? undefined : at + (isWhole(periodS) ? periodS * SECOND_MS : 0);
}

function isWhole(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0;
}

async function* linesOf(file: string): AsyncGenerator<[number: number, text: string]> {
  const input = createReadStream(file);
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  let number = 0;
  try {
    for await (const text of lines) {
      number++;
      if (text.trim() !== '') yield [number, text];
    }
  } finally {
    input.destroy();
  }
}
