import type { DatabaseSync } from 'node:sqlite';
import { parseMembers, serialiseMembers } from '#domain/member-text.ts';
import type { SlotKey } from '#domain/store.ts';
import { figureNames, type RevisionReason, type WindowRow, type WindowValues } from '#domain/window.ts';

interface StoredWindow {
  start_at: number;
  device_id: string;
  kind: string;
  subject: string;
  direction: string;
  lane: number;
  window_s: number;
  site_id: string;
  revision: number;
  reason: string;
  figures: string;
  members: string;
}

/** Reads and writes rows of `windows`. */
export function windowRows(db: DatabaseSync) {
  const upsert = db.prepare(`
    INSERT INTO windows (start_at, device_id, kind, subject, direction, lane, window_s, site_id, revision, reason,
      figures, members) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET revision = excluded.revision, reason = excluded.reason, figures = excluded.figures,
      members = excluded.members WHERE excluded.revision > revision`);
  const inSlot = db.prepare(`
    SELECT * FROM windows WHERE start_at = ? AND device_id = ? AND kind = ? AND subject = ? AND direction = ?
      AND lane = ? AND window_s = ?`);

  const write = (row: WindowRow): void => {
    const figures = JSON.stringify(figureNames.map((name) => row[name]));
    const members = JSON.stringify(serialiseMembers(row.members));
    const key = [
      row.startAt,
      row.deviceId,
      row.kind,
      row.subject,
      row.direction,
      row.lane,
      row.windowS,
    ] as const;
    const { changes } = upsert.run(...key, row.siteId, row.revision, row.reason, figures, members);
    if (changes !== 0) return;
    const stored = (inSlot.all(...key) as unknown as StoredWindow[]).find((s) => s.site_id === row.siteId)!;
    if (stored.revision === row.revision && stored.figures !== figures) {
      throw new Error(
        `window ${JSON.stringify(key)} at ${row.siteId} has revision ${row.revision} with other figures: ${stored.figures} is stored, ${figures} came`,
      );
    }
  };

  return {
    write,
    load: (key: SlotKey): WindowRow[] =>
      (
        inSlot.all(
          key.startAt,
          key.deviceId,
          key.kind,
          key.subject,
          key.direction,
          key.lane,
          key.windowS,
        ) as unknown as StoredWindow[]
      ).map(toWindowRow),
  };
}

function toWindowRow(stored: StoredWindow): WindowRow {
  const figures = JSON.parse(stored.figures) as unknown[];
  return {
    kind: stored.kind,
    deviceId: stored.device_id,
    subject: stored.subject,
    siteId: stored.site_id,
    direction: stored.direction,
    lane: stored.lane,
    windowS: stored.window_s,
    startAt: stored.start_at,
    ...(Object.fromEntries(figureNames.map((name, i) => [name, figures[i]])) as unknown as WindowValues),
    revision: stored.revision,
    reason: stored.reason as RevisionReason,
    members: parseMembers(JSON.parse(stored.members)),
  };
}
