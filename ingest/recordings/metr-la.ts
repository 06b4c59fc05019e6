import { dirname, join } from 'node:path';
import { cityTime } from '#domain/city-time.ts';
import { formatInstant, SECOND_MS } from '#domain/instant.ts';
import type { Corridor, Site } from '#domain/registry/entries.ts';
import { type Caveats, caveatCounter } from './caveats.ts';
import { csvRecords } from './csv-rows.ts';
import { findFile, nameFromPath } from './find-file.ts';
import { messageBatches, type RecordedReading, spanOf } from './message-batches.ts';
import { queryRows, sqlText } from './parquet-rows.ts';
import { emptyRegistry, type RecordingFormat } from './recording.ts';
import { RecordingFault } from './recording-fault.ts';
import { splitRoad } from './split-road.ts';
import { wallClocks } from './wall-clocks.ts';

const ZONE = 'America/Los_Angeles';
const PERIOD_S = 300;
const KMH_PER_MPH = 1.609344;

/**
 * METR-LA: speeds of freeway loop detectors in Los Angeles, 5 minutes, as Parquet (ts_local, sensor_id, speed_mph)
 * beside graph_sensor_locations.csv and, where there is one, corridors.csv.
 */
export const metrLa: RecordingFormat = {
  name: 'metr-la',
  describe: 'METR-LA freeway loop speeds (folder with *.parquet, graph_sensor_locations.csv, corridors.csv)',
  open: async (path, options) => {
    const parquet = await findFile(path, /\.parquet$/, 'METR-LA Parquet file');
    const folder = dirname(parquet);
    const opened = caveatCounter();
    const corridorRows = await csvRecords(join(folder, 'corridors.csv'), [
      'corridor',
      'road_inferred',
      'order',
      'sensor_id',
      'km',
    ] as const).catch((error: unknown) => {
      if (isMissingFile(error)) return [];
      throw error;
    });
    const locations = await csvRecords(join(folder, 'graph_sensor_locations.csv'), [
      'sensor_id',
      'latitude',
      'longitude',
    ] as const);
    const roadOf = new Map(corridorRows.map((row) => [row.sensor_id, row.road_inferred]));
    const sensors = await sensorsIn(parquet);

    const registry = emptyRegistry();
    const placed = new Map(locations.map((row) => [row.sensor_id, row]));
    for (const sensor of sensors) {
      const location = placed.get(sensor);
      const position = location && { lat: Number(location.latitude), lon: Number(location.longitude) };
      if (!position) opened.add('no-position', 'the site has no position', sensor);
      if (!roadOf.has(sensor)) {
        opened.add(
          'no-corridor',
          'the sensor stands in no corridor: its road and direction are not known',
          sensor,
        );
      }
      registry.sites.push(siteOf(sensor, position, roadOf.get(sensor)));
      registry.deviceIds.push(sensor);
      registry.installations.push({ deviceId: sensor, siteId: sensor, periodS: PERIOD_S });
    }
    registry.corridors = corridorsOf(corridorRows, new Set(sensors));

    await nameStraightLines(parquet, opened);

    let caveats = opened.copy();
    return {
      name: options.name ?? nameFromPath(path),
      timezone: ZONE,
      city: 'Los Angeles',
      registry,
      notes: [
        'Speed only: no counts and no occupancy, so flow, delay in vehicle hours and VKT can not be computed.',
        'Gaps were filled with straight lines before publication: completeness is that of the publication, not of the detectors.',
        'Road names and directions are inferred from position.',
      ],
      messages: () => {
        caveats = opened.copy();
        return messageBatches(readSpeeds(parquet, caveats), spanOf(PERIOD_S));
      },
      caveats: () => caveats.list(),
    };
  },
};

async function sensorsIn(parquet: string): Promise<string[]> {
  const sensors: string[] = [];
  const sql = `SELECT DISTINCT sensor_id::VARCHAR FROM read_parquet(${sqlText(parquet)}) ORDER BY 1`;
  try {
    for await (const [sensor] of queryRows<[string]>(sql)) sensors.push(sensor);
  } catch (error) {
    throw new RecordingFault(
      `${parquet} is no METR-LA recording`,
      error instanceof Error ? error.message.split('\n')[0]! : String(error),
      'It needs the columns ts_local, sensor_id and speed_mph.',
      error,
    );
  }
  return sensors;
}

async function* readSpeeds(parquet: string, caveats: Caveats): AsyncGenerator<RecordedReading> {
  const clocks = wallClocks(cityTime(ZONE), caveats);
  // Rows of a sensor keep their order within the hour, so that a repeated hour shows its two passes.
  const rows = queryRows<[number, string, number | null]>(`
    SELECT epoch_ms(ts_local)::DOUBLE, sensor_id::VARCHAR, speed_mph::DOUBLE
    FROM read_parquet(${sqlText(parquet)}, file_row_number = true)
    ORDER BY date_trunc('hour', ts_local), sensor_id, file_row_number`);
  for await (const [wallMs, deviceId, mph] of rows) {
    if (mph === null || !Number.isFinite(mph)) {
      caveats.add(
        'no-value',
        'the row has no speed',
        `${deviceId} ${new Date(wallMs).toISOString().slice(0, 19)}`,
      );
      continue;
    }
    const at = clocks.instantOf(deviceId, wallMs, PERIOD_S * SECOND_MS);
    if (at === undefined) continue;
    const json = `{"kind":"traffic-flow","observedAt":"${formatInstant(at)}","periodS":${PERIOD_S},"speedKmh":${mph * KMH_PER_MPH}}`;
    yield { deviceId, receivedAt: at + PERIOD_S * SECOND_MS, json };
  }
  clocks.finish();
}

function siteOf(sensor: string, position: Site['position'], roadInferred: string | undefined): Site {
  return {
    siteId: sensor,
    name: roadInferred ? `${roadInferred} at ${sensor}` : `Sensor ${sensor}`,
    ...(position && { position }),
    ...(roadInferred && splitRoad(roadInferred)),
  };
}

function corridorsOf(
  rows: readonly Record<'corridor' | 'road_inferred' | 'order' | 'sensor_id' | 'km', string>[],
  sensors: ReadonlySet<string>,
): Corridor[] {
  const corridors = Map.groupBy(
    rows.filter((row) => sensors.has(row.sensor_id)).toSorted((a, b) => Number(a.order) - Number(b.order)),
    (row) => row.corridor,
  );
  return [...corridors]
    .filter(([, members]) => members.length >= 2)
    .map(([corridorId, members]) => ({
      corridorId,
      name: corridorName(corridorId, members[0]!.road_inferred),
      road: splitRoad(members[0]!.road_inferred).road,
      sites: members.map((row) => ({ siteId: row.sensor_id, km: Number(row.km) })),
    }));
}

/** `us101-s-hollywood-downtown` on `US-101 S` is `US-101 S, Hollywood Downtown`. */
function corridorName(corridorId: string, road: string): string {
  const ofRoad = new Set(road.toLowerCase().replaceAll('-', '').split(/[ ,]+/));
  const places = corridorId.split('-').filter((word) => !ofRoad.has(word));
  const capitalised = places.map((word) => word[0]!.toUpperCase() + word.slice(1));
  return [road, ...(places.length > 0 ? [capitalised.join(' ')] : [])].join(', ');
}

/** The published data have no gaps: whoever published them drew straight lines across. They are sent, and counted. */
async function nameStraightLines(parquet: string, opened: Caveats): Promise<void> {
  const rows = queryRows<[sensor: string, onLine: number, all: number]>(`
    SELECT sensor_id::VARCHAR, (count(*) FILTER (abs(before - 2 * mph + after) < 0.001))::DOUBLE AS on_line, count(*)::DOUBLE
    FROM (
      SELECT sensor_id, speed_mph::DOUBLE AS mph, lag(mph) OVER by_time AS before, lead(mph) OVER by_time AS after
      FROM read_parquet(${sqlText(parquet)})
      WINDOW by_time AS (PARTITION BY sensor_id ORDER BY ts_local)
    )
    GROUP BY 1 HAVING on_line > 0 ORDER BY on_line DESC, 1`);
  for await (const [sensor, onLine, all] of rows) {
    const detail =
      'the speed lies on the straight line between its neighbours: most of these were filled in before publication';
    opened.add(
      'on-straight-line',
      detail,
      `${sensor}: ${Math.round((100 * onLine) / all)} % of its readings`,
      onLine,
    );
  }
}

function isMissingFile(error: unknown): boolean {
  return (
    error instanceof RecordingFault && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT'
  );
}
