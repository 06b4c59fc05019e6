import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { type KnownNames, knownNames } from '#analytics/feed-quality/live/known-names.ts';
import { liveFeedQuality } from '#analytics/feed-quality/live/live-feed-quality.ts';
import { lakeInstance } from '#analytics/lake/lake-context.ts';
import { readManifest } from '#analytics/lake/manifest.ts';
import { createTimetableViews } from '#analytics/timetable/timetable-views.ts';
import { type LiveBoardings, liveBoardings } from '#analytics/transit/live-boardings.ts';
import { liveCount, liveLoad, liveReading } from '#analytics/transit/live-reading.ts';
import { liveVisitLine } from '#analytics/transit/live-table.ts';
import { LATEST_MS, type LiveVisits, liveVisits } from '#analytics/transit/live-visits.ts';
import { resumeBoardings } from '#analytics/transit/resume-boardings.ts';
import { type ScheduledTimes, scheduledTimes } from '#analytics/transit/scheduled-times.ts';
import { timetableDay } from '#analytics/transit/timetable-day.ts';
import { cityTime } from '#domain/city-time.ts';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '#domain/instant.ts';
import { LIVE, type LogBatch, type LogRecord } from '#domain/log.ts';
import { COUNTED } from '#domain/outcome.ts';
import { readSegmentLog } from '#infra/log/read-segment-log.ts';
import { openDatabase } from '#infra/sqlite/database.ts';
import { sqliteRegistry } from '#infra/sqlite/registry.ts';
import { admission, type Judged } from '#processing/admission.ts';
import { deviceDirectory } from '#processing/device-facts.ts';
import type { Config } from './config.ts';
import { feedReadings } from './feed-readings.ts';
import {
  forgetVisitsBefore,
  livePath as livePathOf,
  liveVisitFile,
  liveVisitFiles,
  writeSummary,
} from './live-files.ts';

export interface LiveFollowerWorkerData {
  logPath: string;
  storePath: string;
  lakePath: string;
  /** The data directory. */
  path: string;
  timezone: string;
  processing: Pick<Config['processing'], 'aheadS' | 'behindDays'>;
}

/** Timetables and the registry are looked at this often. */
const LOOKS_EVERY_MS = 10 * SECOND_MS;
/** What is told as a whole is told this often. */
const SUMS_EVERY_MS = 5 * SECOND_MS;
/** After a restart it goes on from so far back, so that trips under way are whole again. */
const GOES_BACK_MS = 10 * MINUTE_MS;
const KEEPS_DAYS = 2;

/**
 * Follows the log beside processing and tells what is of now: the stop visits of live vehicles as they happen, into a file of
 * lines for each service date, and every few seconds how far each feed can be trusted. It admits readings as processing
 * does, stores nothing and acknowledges nothing: the night makes it all anew.
 */
async function work(options: LiveFollowerWorkerData): Promise<void> {
  const { logPath, storePath, lakePath, timezone, processing } = options;
  const livePath = livePathOf(options);
  const stop = new AbortController();
  parentPort!.on('message', () => stop.abort());
  const time = cityTime(timezone);
  const live = liveVisits(time);
  const timetables = timetableKeeper(lakePath, timezone, live);
  await timetables.refresh();
  const quality = liveFeedQuality({ known: timetables.known, wayOf: live.wayOf });
  mkdirSync(livePath, { recursive: true });
  const boardings = liveBoardings();
  await goOn(boardings, options);
  const log = await readSegmentLog({ directory: logPath });
  const db = openDatabase(storePath, { durable: false });
  const registry = sqliteRegistry(db, Date.now);
  const rules = admission(
    { aheadMs: processing.aheadS * SECOND_MS, behindMs: processing.behindDays * DAY_MS },
    time.offsetAt,
  );
  let directory = deviceDirectory(await registry.view());
  const places = followedPlaces(join(livePath, 'places.json'));
  const starts = places.start(await log.ends());

  const isOfTransit = (record: LogRecord) =>
    record.type === 'telemetry' && record.domain === LIVE && mayTell(record.payload);
  const take = ({ record, all }: JudgedRecord) => {
    for (const judged of all) {
      if (judged.code !== COUNTED || !('reading' in judged)) continue;
      if (record.receivedAt - judged.observedAt > LATEST_MS) continue;
      const reading = liveReading(judged.reading, judged.observedAt);
      if (reading) live.put(reading);
      const load = liveLoad(judged.reading, judged.observedAt);
      if (load) live.putLoad(load);
      const count = liveCount(record.deviceId, judged.reading, judged.observedAt);
      if (count) live.putCount(count);
    }
  };
  const tell = () => {
    const lines = new Map<string, string>();
    const now = Date.now();
    for (const visit of live.changed()) {
      boardings.put(visit);
      const { serviceDate, scheduled, relationship } = visit.trip;
      const due =
        scheduled && relationship === 'scheduled'
          ? timetables.due(scheduled.tripId, serviceDate, visit.visit.call.position)
          : undefined;
      lines.set(serviceDate, (lines.get(serviceDate) ?? '') + liveVisitLine(visit, now, due));
    }
    for (const [date, text] of lines) appendFileSync(liveVisitFile(livePath, date), text);
  };
  const follow = async (partition: number): Promise<void> => {
    for await (const batch of log.read(partition, starts[partition]!, stop.signal)) {
      const judged = (batch as LogBatch).records
        .filter(isOfTransit)
        .map((record) => ({ record, all: rules.judge(record, directory(record.deviceId)) }));
      for (const one of judged) take(one);
      tell();
      // Who waits at a stop waits for visits; what feeds are worth is told a few seconds later anyway.
      for (const { record, all } of judged)
        quality.put(record.deviceId, record.receivedAt, feedReadings(record, all));
      const last = batch.records.at(-1);
      if (last) places.reached(partition, last.position);
    }
  };
  const look = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await sleep(LOOKS_EVERY_MS, undefined, { signal: stop.signal }).catch(() => {});
      directory = deviceDirectory(await registry.view());
      if (await timetables.refresh())
        forgetVisitsBefore(livePath, time.dateOf(Date.now() - KEEPS_DAYS * DAY_MS));
      live.letGo(Date.now());
      boardings.letGo(Date.now(), time.dateOf(Date.now() - DAY_MS));
      places.save(Date.now());
    }
  };
  const sumUp = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await sleep(SUMS_EVERY_MS, undefined, { signal: stop.signal }).catch(() => {});
      writeSummary(livePath, 'feeds', quality.survey(Date.now()));
      writeSummary(livePath, 'boardings', boardings.days());
    }
  };
  try {
    await Promise.all([look(), sumUp(), ...Array.from({ length: log.partitions }, (_, p) => follow(p))]);
  } finally {
    await log.close();
    db.close();
  }
}

/** The sums of today go on over a restart: they are made from what was told. */
async function goOn(boardings: LiveBoardings, { path, lakePath }: LiveFollowerWorkerData): Promise<void> {
  const files = liveVisitFiles({ path }).slice(-2);
  if (files.length === 0 || !existsSync(lakePath)) return;
  const instance = await lakeInstance(lakePath);
  const db = await instance.connect();
  try {
    await db.run("SET TimeZone = 'UTC'");
    await resumeBoardings(boardings, db, files, Date.now());
  } finally {
    db.closeSync();
    instance.closeSync();
  }
}

/** The timetable around today, read anew when another day has begun, or another version was imported. */
function timetableKeeper(lakePath: string, timezone: string, live: LiveVisits) {
  let held = '';
  let times: ScheduledTimes | undefined;
  let names: KnownNames | undefined;
  return {
    known: () => names,
    due: (...of: Parameters<ScheduledTimes>) => times?.(...of),
    /** True where it was read anew. */
    refresh: async (): Promise<boolean> => {
      const versions = existsSync(lakePath) ? readManifest(lakePath).timetables : [];
      if (versions.length === 0) return false;
      const date = cityTime(timezone).dateOf(Date.now());
      const now = [date, ...versions.map((v) => `${v.feed}/${v.version}/${v.validFrom}`)].join();
      if (now === held) return false;
      const instance = await lakeInstance(lakePath);
      const db = await instance.connect();
      try {
        await db.run("SET TimeZone = 'UTC'");
        await createTimetableViews(db, lakePath, versions);
        times = await scheduledTimes(db, date);
        names = await knownNames(db, date);
        live.setTimetable(await timetableDay(db, date));
      } finally {
        db.closeSync();
        instance.closeSync();
      }
      held = now;
      return true;
    },
  };
}

/** Where in the log it was, minute by minute, for as long as it goes back. */
function followedPlaces(path: string) {
  const now = new Map<number, number>();
  let saved: { at: number; positions: Record<number, number> }[] = [];
  try {
    saved = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    // Never ran here, or was killed while it wrote: it begins at the end.
  }
  return {
    start: (ends: readonly number[]): number[] => {
      const last = saved.at(-1);
      const from = last && saved.find((s) => s.at >= last.at - GOES_BACK_MS);
      return ends.map((end, partition) => Math.min(end, from?.positions[partition] ?? end));
    },
    reached: (partition: number, position: number) => now.set(partition, position),
    save: (at: number) => {
      if (now.size === 0 || at - (saved.at(-1)?.at ?? 0) < MINUTE_MS) return;
      saved = [...saved.filter((s) => s.at >= at - GOES_BACK_MS), { at, positions: Object.fromEntries(now) }];
      writeFileSync(path, JSON.stringify(saved));
    },
  };
}

interface JudgedRecord {
  record: LogRecord;
  all: Judged[];
}

/** Most of what a city sends is of roads: that is seen without reading it. */
function mayTell(payload: Uint8Array): boolean {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  return (
    bytes.includes('"vehicle-position"') ||
    bytes.includes('"stop-event"') ||
    bytes.includes('"trip-update"') ||
    bytes.includes('"passenger-count"') ||
    bytes.includes('"feed-status"') ||
    bytes.includes('"service-alert"')
  );
}

await work(workerData as LiveFollowerWorkerData);
process.exit(0);
