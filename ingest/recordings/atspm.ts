import { dirname, join } from 'node:path';
import { cityTime } from '#domain/city-time.ts';
import { formatInstant, MINUTE_MS } from '#domain/instant.ts';
import { type Caveats, caveatCounter } from './caveats.ts';
import { csvRecords } from './csv-rows.ts';
import { findFile, nameFromPath } from './find-file.ts';
import { messageBatches, type RecordedReading } from './message-batches.ts';
import { queryRows, sqlText } from './parquet-rows.ts';
import { emptyRegistry, type RecordingFormat } from './recording.ts';
import { RecordingFault } from './recording-fault.ts';
import { wallClocks } from './wall-clocks.ts';

const ZONE = 'America/Los_Angeles';

/**
 * Signal-controller events (Indiana codes, 0.1 s) as Parquet: TimeStamp, DeviceId, EventId, Parameter; beside it
 * devices.csv with DeviceID, Name, Latitude, Longitude.
 */
export const atspm: RecordingFormat = {
  name: 'atspm',
  describe: 'signal-controller events, 0.1 s (folder with *.parquet and devices.csv)',
  open: async (path, options) => {
    const parquet = await findFile(path, /\.parquet$/, 'Parquet file of events');
    const controllers = await controllersIn(parquet);
    const located = await csvRecords(join(dirname(parquet), 'devices.csv'), [
      'DeviceID',
      'Name',
      'Latitude',
      'Longitude',
    ] as const);
    const opened = caveatCounter();
    const registry = emptyRegistry();
    for (const deviceId of controllers) {
      const row = located.find((l) => l.DeviceID === deviceId);
      const lat = Number(row?.Latitude || Number.NaN);
      const lon = Number(row?.Longitude || Number.NaN);
      const isPosition = Number.isFinite(lat) && Number.isFinite(lon) && !(lat === 0 && lon === 0);
      if (!isPosition) opened.add('no-position', 'the intersection has no position', deviceId);
      registry.sites.push({
        siteId: deviceId,
        name: row?.Name || `Controller ${deviceId}`,
        ...(isPosition && { position: { lat, lon } }),
      });
      registry.deviceIds.push(deviceId);
      registry.installations.push({ deviceId, siteId: deviceId });
    }
    let caveats = opened.copy();
    return {
      name: options.name ?? nameFromPath(path),
      timezone: ZONE,
      city: 'Portland, Oregon',
      registry,
      notes: [
        'Events, not intervals: detector-on counts are actuations per channel, and have no observed time.',
      ],
      messages: () => {
        caveats = opened.copy();
        return messageBatches(readEvents(parquet, caveats), MINUTE_MS);
      },
      caveats: () => caveats.list(),
    };
  },
};

async function controllersIn(parquet: string): Promise<string[]> {
  const sql = `
    SELECT "DeviceId"::VARCHAR FROM read_parquet(${sqlText(parquet)})
    WHERE "TimeStamp" IS NOT NULL AND "EventId" IS NOT NULL AND "Parameter" IS NOT NULL
    GROUP BY 1 ORDER BY 1`;
  const controllers: string[] = [];
  try {
    for await (const [deviceId] of queryRows<[string | null]>(sql))
      if (deviceId !== null) controllers.push(deviceId);
  } catch (error) {
    throw new RecordingFault(
      `${parquet} is no recording of signal events`,
      error instanceof Error ? error.message.split('\n')[0]! : String(error),
      'It needs the columns TimeStamp, DeviceId, EventId and Parameter.',
      error,
    );
  }
  return controllers;
}

type EventRow = [
  wallMs: number | null,
  deviceId: string | null,
  eventCode: number | null,
  parameter: number | null,
];

async function* readEvents(parquet: string, caveats: Caveats): AsyncGenerator<RecordedReading> {
  const clocks = wallClocks(cityTime(ZONE), caveats);
  // The order of the file, so that a repeated hour shows its two passes.
  const rows = queryRows<EventRow>(`
    SELECT (epoch_ns("TimeStamp") // 1000000)::DOUBLE, "DeviceId"::VARCHAR, "EventId"::DOUBLE, "Parameter"::DOUBLE
    FROM read_parquet(${sqlText(parquet)}, file_row_number = true)
    ORDER BY file_row_number`);
  let row = 0;
  for await (const [wallMs, deviceId, eventCode, parameter] of rows) {
    row++;
    if (wallMs === null || deviceId === null || eventCode === null || parameter === null) {
      caveats.add('unreadable-row', 'the event has no time, device, code or parameter', `row ${row}`);
      continue;
    }
    const at = clocks.instantOf(deviceId, wallMs, 0);
    if (at === undefined) continue;
    const json = `{"kind":"signal-event","observedAt":"${formatInstant(at)}","eventCode":${eventCode},"parameter":${parameter}}`;
    yield { deviceId, receivedAt: at, json };
  }
  clocks.finish();
}
