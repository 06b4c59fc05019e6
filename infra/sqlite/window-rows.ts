import type { DatabaseSync } from 'node:sqlite';
import type { SlotKey } from '#domain/store.ts';
import {
  figureNames,
  type RevisionReason,
  type WindowKey,
  type WindowRow,
  type WindowValues,
} from '#domain/window.ts';

interface StoredWindow {
  site_id: string;
  revision: number;
  reason: string;
  figures: string;
  members: string;
}

/** Reads and writes windows. What names a window besides its start is a series, kept once and known by a number. */
export function windowRows(db: DatabaseSync) {
  const upsert = db.prepare(`
    INSERT INTO window_rows (start_at, series, revision, reason, figures, members) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (start_at, series) DO UPDATE SET revision = excluded.revision, reason = excluded.reason, figures = excluded.figures,
      members = excluded.members WHERE excluded.revision > revision`);
  const stored = db.prepare('SELECT revision, figures FROM window_rows WHERE start_at = ? AND series = ?');
  const seriesId = db.prepare(`
    SELECT id FROM series WHERE device_id = ? AND kind = ? AND subject = ? AND direction = ? AND lane = ?
      AND window_s = ? AND site_id = ?`);
  const newSeries = db.prepare(`
    INSERT INTO series (device_id, kind, subject, direction, lane, window_s, site_id) VALUES (?, ?, ?, ?, ?, ?, ?)`);
  const inSlot = db.prepare(`
    SELECT s.site_id, w.revision, w.reason, w.figures, w.members
    FROM series s JOIN window_rows w ON w.series = s.id AND w.start_at = ?
    WHERE s.device_id = ? AND s.kind = ? AND s.subject = ? AND s.direction = ? AND s.lane = ? AND s.window_s = ?`);
  /** Series by device: a device has few. */
  let known = new Map<string, KnownSeries[]>();
  let knownCount = 0;

  const seriesOf = (row: WindowKey): number => {
    const { deviceId, kind, subject, direction, lane, windowS, siteId } = row;
    let ofDevice = known.get(deviceId);
    if (ofDevice) for (const s of ofDevice) if (isSeriesOf(s, row)) return s.id;
    const key = [deviceId, kind, subject, direction, lane, windowS, siteId] as const;
    const found = seriesId.get(...key) ?? { id: newSeries.run(...key).lastInsertRowid };
    if (knownCount >= SERIES_REMEMBERED) forget();
    const id = Number(found.id);
    ofDevice = known.get(deviceId) ?? [];
    known.set(deviceId, [...ofDevice, { kind, subject, direction, lane, windowS, siteId, id }]);
    knownCount += 1;
    return id;
  };

  const forget = (): void => {
    known = new Map();
    knownCount = 0;
  };

  const write = (row: WindowRow): void => {
    const series = seriesOf(row);
    const figures = figuresText(row);
    const { changes } = upsert.run(row.startAt, series, row.revision, row.reason, figures, row.members);
    if (changes !== 0) return;
    const there = stored.get(row.startAt, series) as { revision: number; figures: string };
    if (there.revision === row.revision && there.figures !== figures) {
      throw new Error(
        `window of ${row.deviceId} at ${row.siteId} from ${row.startAt} has revision ${row.revision} with other figures: ${there.figures} is stored, ${figures} came`,
      );
    }
  };

  return {
    write,
    /** A transaction that failed may have taken numbers back. */
    forget,
    load: (key: SlotKey): WindowRow[] => {
      const { startAt, deviceId, kind, subject, direction, lane, windowS } = key;
      const rows = inSlot.all(startAt, deviceId, kind, subject, direction, lane, windowS);
      return (rows as unknown as StoredWindow[]).map((row) => toWindowRow(key, row));
    },
  };
}

/** The figures in the order of `figureNames`. */
function figuresText(w: WindowValues): string {
  const classes = JSON.stringify(w.classCounts);
  const histogram = JSON.stringify(w.speedHistogram);
  const basis = w.histogramBasis === null ? 'null' : `"${w.histogramBasis}"`;
  return `[${w.readings},${w.observedS},${w.count},${w.countS},${classes},${w.occupancyMicroS},${w.occupancyS},${w.paceMicroS},${w.paceCount},${w.speedMilliS},${w.speedS},${histogram},${basis},${w.expectedS}]`;
}

const SERIES_REMEMBERED = 200_000;

interface KnownSeries extends Omit<WindowKey, 'deviceId' | 'startAt'> {
  id: number;
}

function isSeriesOf(s: KnownSeries, row: WindowKey): boolean {
  return (
    s.lane === row.lane &&
    s.windowS === row.windowS &&
    s.kind === row.kind &&
    s.siteId === row.siteId &&
    s.direction === row.direction &&
    s.subject === row.subject
  );
}

function toWindowRow(key: SlotKey, stored: StoredWindow): WindowRow {
  const figures = JSON.parse(stored.figures) as unknown[];
  return {
    ...key,
    siteId: stored.site_id,
    ...(Object.fromEntries(figureNames.map((name, i) => [name, figures[i]])) as unknown as WindowValues),
    revision: stored.revision,
    reason: stored.reason as RevisionReason,
    members: stored.members,
  };
}
