import { dirname, join } from 'node:path';
import { cityTime } from '#domain/city-time.ts';
import { formatInstant, HOUR_MS, SECOND_MS } from '#domain/instant.ts';
import type { Site } from '#domain/registry/entries.ts';
import { type Caveats, caveatCounter } from './caveats.ts';
import { csvRows } from './csv-rows.ts';
import { findFile, nameFromPath } from './find-file.ts';
import { messageBatches, type RecordedReading, spanOf } from './message-batches.ts';
import { emptyRegistry, type RecordingFormat } from './recording.ts';
import { RecordingFault } from './recording-fault.ts';
import { wallClockReader } from './wall-clock-format.ts';
import { wallClocks, wallText } from './wall-clocks.ts';

const ZONE = 'Australia/Melbourne';
const PERIOD_S = 900;
const PERIOD_MS = PERIOD_S * SECOND_MS;
const VOLUMES = 96;
const VOLUMES_PER_HOUR = HOUR_MS / PERIOD_MS;
/** What VR Internal Loc says, by the labels of this recording: legs clockwise from north. */
const legs = ['N', 'NE', 'E', 'SE', 'S', 'SW', 'W', 'NW'];

/** A detector's day, as printed. */
interface DetectorDay {
  deviceId: string;
  dateMs: number;
  /** 1, and more where several rows bear one key. */
  occurrence: number;
  volumes: string[];
}

/** A detector, by its first row. */
interface Detector {
  deviceId: string;
  scatsNumber: string;
  internalLoc: string;
  label: string;
  lat: number;
  lon: number;
}

/**
 * SCATS volumes of Melbourne's signals: two header rows, then a row of 96 quarter hours for each detector and day. A
 * row's key is its SCATS number, VR Internal Loc and date; the Location label is none.
 */
export const scats: RecordingFormat = {
  name: 'scats',
  describe: 'SCATS signal-detector volumes, 15 minutes (scats_*.csv with V00..V95, or its folder)',
  open: async (path, options) => {
    const file = await findFile(path, /^scats_(?!site_listing).*\.csv$/i, 'SCATS volume file (scats_*.csv)');
    const opened = caveatCounter();
    const { detectors, days } = readTable(file, await csvRows(file), opened);
    const intersections = await intersectionNames(join(dirname(file), 'scats_site_listing.csv'));
    nameDefects(detectors, opened);
    const registry = emptyRegistry();
    for (const detector of detectors) {
      registry.sites.push(siteOf(detector, intersections));
      registry.deviceIds.push(detector.deviceId);
      registry.installations.push({
        deviceId: detector.deviceId,
        siteId: detector.deviceId,
        periodS: PERIOD_S,
      });
    }
    let caveats = opened.copy();
    return {
      name: options.name ?? nameFromPath(path),
      timezone: ZONE,
      city: 'Melbourne',
      registry,
      notes: [
        'Volumes only: no speeds and no occupancy.',
        'The leg of the intersection is read from VR Internal Loc, clockwise from north; it is not stated which way the counted traffic runs.',
      ],
      messages: () => {
        caveats = opened.copy();
        return messageBatches(readVolumes(days, caveats), spanOf(PERIOD_S));
      },
      caveats: () => caveats.list(),
    };
  },
};

function readTable(
  file: string,
  rows: string[][],
  caveats: Caveats,
): { detectors: Detector[]; days: DetectorDay[] } {
  const header = rows[1] ?? [];
  const columnOf = (name: string): number => {
    const at = header.indexOf(name);
    if (at >= 0) return at;
    throw new RecordingFault(
      `${file} is no SCATS volume file`,
      `its second row has no column ${name}`,
      'It needs two header rows, the second with SCATS Number, Location, VR Internal Loc, Date and V00 to V95.',
    );
  };
  const at = {
    number: columnOf('SCATS Number'),
    loc: columnOf('VR Internal Loc'),
    label: columnOf('Location'),
    lat: columnOf('NB_LATITUDE'),
    lon: columnOf('NB_LONGITUDE'),
    date: columnOf('Date'),
    first: columnOf('V00'),
  };
  columnOf('V95');

  const readDate = wallClockReader('d/M/yy');
  const detectors = new Map<string, Detector>();
  const occurrences = new Map<string, number>();
  const days: DetectorDay[] = [];
  for (const [i, row] of rows.slice(2).entries()) {
    const scatsNumber = row[at.number] ?? '';
    const internalLoc = row[at.loc] ?? '';
    const dateMs = readDate(row[at.date] ?? '');
    if (scatsNumber === '' || internalLoc === '' || dateMs === undefined) {
      const detail = 'the row has no readable site number, VR Internal Loc or date (d/m/yy), and is not sent';
      caveats.add('unreadable-row', detail, `row ${i + 3}`);
      continue;
    }
    const deviceId = `${scatsNumber}-${internalLoc}`;
    const occurrence = (occurrences.get(`${deviceId}/${dateMs}`) ?? 0) + 1;
    occurrences.set(`${deviceId}/${dateMs}`, occurrence);
    days.push({ deviceId, dateMs, occurrence, volumes: row.slice(at.first, at.first + VOLUMES) });
    if (detectors.has(deviceId)) continue;
    const label = row[at.label] ?? '';
    const lat = Number(row[at.lat]);
    const lon = Number(row[at.lon]);
    detectors.set(deviceId, { deviceId, scatsNumber, internalLoc, label, lat, lon });
  }
  return { detectors: [...detectors.values()], days };
}

function nameDefects(detectors: readonly Detector[], caveats: Caveats): void {
  for (const { deviceId, label, internalLoc, lat, lon } of detectors) {
    if (!isPosition(lat, lon)) {
      const detail = 'coordinates are 0, 0 or none: the site has no position';
      caveats.add('no-position', detail, `${deviceId} (${label})`);
    }
    const printed = splitLabel(label).leg;
    const leg = legs[Number(internalLoc) - 1];
    if (printed && leg && printed !== leg) {
      const detail =
        'the label and VR Internal Loc name different legs of the intersection; VR Internal Loc is used';
      caveats.add('leg-disagrees', detail, `${deviceId}: ${label}, but ${internalLoc} is ${leg}`);
    }
  }
  for (const shared of Map.groupBy(detectors, (d) => `${d.scatsNumber}/${d.label}`).values()) {
    if (shared.length < 2) continue;
    const detail =
      'one location label stands for several detectors; each is kept under its own VR Internal Loc';
    caveats.add(
      'shared-label',
      detail,
      `${shared[0]!.label} is ${shared.map((d) => d.deviceId).join(' and ')}`,
    );
  }
}

/** By day, then hour, so that detectors advance together. */
function* readVolumes(days: readonly DetectorDay[], caveats: Caveats): Generator<RecordedReading> {
  const clocks = wallClocks(cityTime(ZONE), caveats);
  for (const sameDay of Map.groupBy(
    days.toSorted((a, b) => a.dateMs - b.dateMs),
    (d) => d.dateMs,
  ).values()) {
    for (let from = 0; from < VOLUMES; from += VOLUMES_PER_HOUR) {
      for (const day of sameDay) {
        for (let i = from; i < from + VOLUMES_PER_HOUR; i++) {
          const wallMs = day.dateMs + i * PERIOD_MS;
          const count = readVolume(day, i, wallMs, caveats);
          if (count === undefined) continue;
          // A second row of one key is no second pass of a repeated hour.
          const series = day.occurrence === 1 ? day.deviceId : `${day.deviceId} (row ${day.occurrence})`;
          const at = clocks.instantOf(series, wallMs, PERIOD_MS);
          if (at === undefined) continue;
          const json = `{"kind":"traffic-flow","observedAt":"${formatInstant(at)}","periodS":${PERIOD_S},"count":${count}}`;
          yield { deviceId: day.deviceId, receivedAt: at + PERIOD_MS, json };
        }
      }
    }
  }
  clocks.finish();
}

function readVolume(day: DetectorDay, i: number, wallMs: number, caveats: Caveats): number | undefined {
  const text = day.volumes[i]?.trim() ?? '';
  const place = `${day.deviceId} ${wallText(wallMs)}`;
  if (text === '') {
    caveats.add('no-value', 'the cell is empty', place);
    return undefined;
  }
  const count = Number(text);
  if (Number.isFinite(count)) return count;
  caveats.add('unreadable-value', 'the cell holds no number', `${place}: ${text}`);
  return undefined;
}

function siteOf(detector: Detector, intersections: ReadonlyMap<string, string>): Site {
  const { deviceId, scatsNumber, internalLoc, label, lat, lon } = detector;
  const leg = legs[Number(internalLoc) - 1];
  const { road } = splitLabel(label);
  const intersection = intersections.get(String(Number(scatsNumber)));
  return {
    siteId: deviceId,
    name: `${label.replaceAll('_', ' ')}${intersection ? ` (${intersection})` : ''}`,
    ...(isPosition(lat, lon) && { position: { lat, lon } }),
    ...(road && { road }),
    ...(leg && { direction: `${leg} leg` }),
  };
}

/** `WARRIGAL_RD N of HIGH STREET_RD`: the road, and on which side of the other one. */
function splitLabel(label: string): { road?: string; leg?: string } {
  const parts = /^(.+?)\s+([NESW]{1,2})\s+of\s/i.exec(label);
  return parts ? { road: parts[1]!.replaceAll('_', ' '), leg: parts[2]!.toUpperCase() } : {};
}

function isPosition(lat: number, lon: number): boolean {
  return Number.isFinite(lat) && Number.isFinite(lon) && Math.abs(lat) <= 90 && !(lat === 0 && lon === 0);
}

/** Intersections by number, from the site listing where there is one: some lines of prose, then the table. */
async function intersectionNames(path: string): Promise<Map<string, string>> {
  const rows = await csvRows(path).catch(() => []);
  return new Map(
    rows.filter((row) => /^\d+$/.test(row[0] ?? '')).map((row) => [String(Number(row[0])), row[1] ?? '']),
  );
}
