import type { DatabaseSync } from 'node:sqlite';
import type { ExportSource, Readmission, Series } from '#domain/store.ts';
import { toChunk, toLedgerRow } from './store.ts';

/** What the lake exporter reads, each call as of its own moment. */
export function sqliteExportSource(db: DatabaseSync): ExportSource {
  const outcomes = db.prepare(
    'SELECT * FROM outcomes WHERE partition = ? AND to_position > ? ORDER BY to_position',
  );
  const readmissions = db.prepare('SELECT * FROM readmissions ORDER BY partition, position, idx');
  const days = db.prepare('SELECT day FROM changed_days WHERE change > ? ORDER BY day');
  const change = db.prepare('SELECT coalesce(max(change), 0) AS change FROM changed_days');
  const windows = db.prepare(
    'SELECT start_at, series, revision, reason, figures FROM window_rows WHERE start_at >= ? AND start_at < ?',
  );
  const seriesOf = db.prepare('SELECT * FROM series WHERE id = ?');
  const series = new Map<number, Series>();
  const ledger = db.prepare('SELECT * FROM ledger WHERE readings > 0');
  const door = db.prepare('SELECT * FROM door');

  return {
    checkpoints: async () =>
      db.prepare('SELECT partition, position FROM checkpoints').all() as {
        partition: number;
        position: number;
      }[],
    *outcomes(partition, after) {
      for (const row of outcomes.iterate(partition, after)) yield toChunk(row as never);
    },
    readmissions: async () =>
      (
        readmissions.all() as unknown as (Omit<Readmission, 'index'> & {
          idx: number;
          registry_version: number;
        })[]
      ).map(({ partition, position, idx, via, registry_version }) => ({
        partition,
        position,
        index: idx,
        via,
        registryVersion: registry_version,
      })),
    changedDays: async (since) => {
      const upTo = (change.get() as { change: number }).change;
      return { days: (days.all(Number(since)) as { day: number }[]).map((d) => d.day), upTo: String(upTo) };
    },
    *windowTexts(from, to) {
      for (const w of windows.iterate(from, to)) {
        const id = w.series as number;
        let named = series.get(id);
        if (!named) {
          named = toSeries(seriesOf.get(id) as unknown as StoredSeries);
          series.set(id, named);
        }
        yield {
          series: named,
          startAt: w.start_at as number,
          revision: w.revision as number,
          reason: w.reason as string,
          figures: w.figures as string,
        };
      }
    },
    *ledger() {
      for (const row of ledger.iterate()) yield toLedgerRow(row as never);
    },
    *door() {
      for (const row of door.iterate()) {
        yield {
          reason: row.reason as string,
          deviceId: row.device_id as string,
          hourReceived: row.hour_received as number,
          refused: row.refused as number,
        };
      }
    },
  };
}

interface StoredSeries {
  device_id: string;
  kind: string;
  subject: string;
  direction: string;
  lane: number;
  window_s: number;
  site_id: string;
}

function toSeries(s: StoredSeries): Series {
  return {
    kind: s.kind,
    deviceId: s.device_id,
    subject: s.subject,
    siteId: s.site_id,
    direction: s.direction,
    lane: s.lane,
    windowS: s.window_s,
  };
}
