import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, type TestContext } from 'vitest';
import { knownNames } from '#analytics/feed-quality/live/known-names.ts';
import { type FeedSurvey, liveFeedQuality } from '#analytics/feed-quality/live/live-feed-quality.ts';
import { runMeasure } from '#analytics/measures/run-measure.ts';
import { liveVisits } from '#analytics/transit/live-visits.ts';
import { timetableDay } from '#analytics/transit/timetable-day.ts';
import type { FeedsNow } from '#apps/api/live-feeds.ts';
import { startApi } from '#apps/api/start-api.ts';
import { type DataDirectory, openDataDirectory } from '#apps/data-directory.ts';
import { feedReadings } from '#apps/feed-readings.ts';
import { lakeSession, refreshLake } from '#apps/lake-session.ts';
import { startLiveFollower } from '#apps/live-follower.ts';
import { matchDates } from '#apps/match-dates.ts';
import { startPipeline } from '#apps/pipeline.ts';
import { replay } from '#apps/replay.ts';
import { importSimulatedTimetable } from '#apps/simulated-transit.ts';
import { seededRandom } from '#device-sim/random.ts';
import { nativeReadings } from '#device-sim/transit/native-readings.ts';
import { vehicleReports } from '#device-sim/transit/vehicle-reports.ts';
import { cityTime } from '#domain/city-time.ts';
import { DAY_MS, type Instant, MINUTE_MS, SECOND_MS } from '#domain/instant.ts';
import type { LogRecord } from '#domain/log.ts';
import { feedRecording } from '#ingest/feeds/feed-recording.ts';
import { feeds } from '#ingest/feeds/feeds.ts';
import { emptyRegistry, type Recording } from '#ingest/recordings/recording.ts';
import { admission, usualClockBounds } from '#processing/admission.ts';
import { deviceDirectory } from '#processing/device-facts.ts';
import { lineFleet } from '../../bench/line-fleet.ts';
import { recording as sharedRecording } from '../../shared-data.ts';
import { sendAs, testConfig } from '../cli/test-city.ts';
import { keyOf, sensor } from '../recovery/run-pipeline.ts';

type Sent = Record<string, unknown>;

const EIGHT = Date.parse('2026-03-02T08:00:00Z');
const MINUTES = 50;
const at = (ms: Instant) => new Date(ms).toISOString();

/** Trips that a timetable has, and what is wrong with how a feed tells of them: each fault in reports of vehicles chosen by chance. */
function illFeed(): { fleet: ReturnType<typeof lineFleet>; sent: { receivedAt: Instant; reading: Sent }[] } {
  const to = EIGHT + MINUTES * MINUTE_MS;
  const fleet = lineFleet(20, EIGHT, to);
  const random = seededRandom(7, 'ill-feed');
  const sent: { receivedAt: Instant; reading: Sent }[] = [];
  const put = (receivedAt: Instant, reading: Sent) => sent.push({ receivedAt, reading });
  for (const report of vehicleReports({ days: fleet.days, seed: 1, from: EIGHT, to, everyS: 10 })) {
    if (report.type !== 'position') continue;
    const [reading] = nativeReadings(report) as [Sent];
    const { receivedAt } = report;
    const lat = reading.lat as number;
    const fate = random.int(120);
    if (fate === 0) put(receivedAt, { ...reading, lat: 0, lon: 0 });
    else if (fate === 1) put(receivedAt, { ...reading, lat: 95 });
    else if (fate === 2) put(receivedAt, { ...reading, lat: lat + 0.02 });
    else if (fate === 3) put(receivedAt, { ...reading, lat: lat + 0.001 });
    else if (fate === 4) put(receivedAt, { ...reading, tripId: 'none of ours', stopId: 'nowhere' });
    else if (fate === 5) put(receivedAt, { ...reading, lat: undefined, lon: undefined });
    else if (fate === 6)
      put(receivedAt, {
        kind: reading.kind,
        vehicleId: reading.vehicleId,
        lat,
        lon: reading.lon,
        observedAt: at(receivedAt + 3_600_000),
      });
    else put(receivedAt, reading);
    // Again, other than before, of another trip, and later than those after it.
    if (fate === 7) put(receivedAt + 2_000, reading);
    if (fate === 8) put(receivedAt + 2_000, { ...reading, speedKmh: 77 });
    if (fate === 9) put(receivedAt + 1_000, { ...reading, event: 'x', tripId: `${reading.tripId}-2` });
    if (fate === 10) sent.at(-1)!.receivedAt += 25_000;
  }
  // One vehicle that stands though it says it drives, one that waits, one with a stuck stop, one whose reports come late, two on one trip.
  for (let s = 0; s < 1_500; s += 15) {
    const ms = EIGHT + s * SECOND_MS;
    const of = (vehicleId: string, more: Sent) => ({
      kind: 'vehicle-position',
      vehicleId,
      observedAt: at(ms),
      lat: 50.5,
      lon: 10,
      ...more,
    });
    put(ms + 500, of('frozen', { speedKmh: s > 300 && s < 900 ? 30 : 0, lat: s > 1_000 ? 50.6 : 50.5 }));
    put(ms + 500, of('turns', { odometerM: s * 2, tripId: s > 700 ? 'B' : 'A' }));
    put(ms + 500, of('waits', { speedKmh: 0, stopId: 'a' }));
    put(ms + 500, of('stuck', { lat: 50.5 + s / 50_000, tripId: 'A', stopSequence: 4 }));
    put(ms + 95_000, of('old', { lat: 50.5 + s / 50_000 }));
    put(ms + 500, of(s % 2 ? 'one' : 'other', { tripId: 'shared', serviceDate: '2026-03-02' }));
    if (s === 600)
      for (const stopId of ['a', '0-0-1'])
        put(ms, {
          kind: 'stop-event',
          vehicleId: 'waits',
          observedAt: at(ms),
          event: stopId === 'a' ? 'arrival' : 'departure',
          stopId,
        });
  }
  for (let minute = 0; minute < MINUTES; minute++) {
    if (minute > 20 && minute < 28) continue;
    const ms = EIGHT + minute * MINUTE_MS;
    const madeAt = minute === 10 ? ms - 70_000 : minute === 12 ? ms - 60_000 : ms - 1_000;
    put(ms, {
      kind: 'feed-status',
      observedAt: at(ms),
      headerAt: at(madeAt),
      heard: 12,
      used: minute === 30 ? 7 : 12,
      ...(minute === 30 && { unusable: { 'cut-short': 3, 'malformed-entity': 2 } }),
    });
    const stops = [
      {
        stopId: '0-0-2',
        arrivalAt: at(ms + 60_000),
        departureAt: at(ms + (minute % 9 === 0 ? 50_000 : 70_000)),
      },
      {
        stopId: minute % 7 === 0 ? 'nowhere' : '0-0-3',
        arrivalAt: at(ms + (minute % 11 === 0 ? 30_000 : 90_000)),
      },
    ];
    const update = { kind: 'trip-update', tripId: 'none of ours', observedAt: at(ms), stops };
    put(ms + 100, update);
    if (minute % 5 === 0) put(ms + 20_000, update);
  }
  sent.sort((a, b) => a.receivedAt - b.receivedAt);
  return { fleet, sent };
}

async function emptyDirectory(context: TestContext): Promise<DataDirectory> {
  const path = await mkdtemp(join(tmpdir(), 'headway-'));
  const data = openDataDirectory(path);
  context.onTestFinished(async () => {
    data.close();
    await rm(path, { recursive: true, force: true });
  });
  return data;
}

/** All records of the log, in the order in which they came. */
async function recordsOf(data: DataDirectory): Promise<LogRecord[]> {
  const log = (await data.readLog())!;
  const ends = await log.ends();
  const records: LogRecord[] = [];
  for (const [partition, end] of ends.entries()) {
    if (end < 0) continue;
    for await (const batch of log.read(partition, -1, new AbortController().signal)) {
      records.push(...batch.records);
      if ((batch.records.at(-1)?.position ?? end) >= end) break;
    }
  }
  await log.close();
  return records;
}

/** What a thread beside processing would say at the end, of the same log. */
async function judgedLive(
  data: DataDirectory,
  date: string,
  timezone: string,
  now: Instant,
): Promise<FeedSurvey> {
  const time = cityTime(timezone);
  const db = await lakeSession(data);
  const visits = liveVisits(time);
  visits.setTimetable(await timetableDay(db, date));
  const known = await knownNames(db, date);
  db.closeSync();
  const quality = liveFeedQuality({ known: () => known, wayOf: visits.wayOf });
  const rules = admission(usualClockBounds, time.offsetAt);
  const directory = deviceDirectory(await data.registry.view());
  let tick = 0;
  for (const record of await recordsOf(data)) {
    if (record.type !== 'telemetry') continue;
    const own = Math.floor(record.receivedAt / 5_000);
    if (own !== tick) quality.survey(record.receivedAt);
    tick = own;
    quality.put(
      record.deviceId,
      record.receivedAt,
      feedReadings(record, rules.judge(record, directory(record.deviceId))),
    );
  }
  return quality.survey(now);
}

type Counts = Record<string, { lookedAt: number; findings: number; vehicles: number }>;

async function judgedByReport(data: DataDirectory, date: string): Promise<Record<string, Counts>> {
  const db = await lakeSession(data);
  const from = Date.parse(date);
  const answer = await runMeasure(db, 'feed-quality', { from_at: from, to_at: from + DAY_MS } as never);
  db.closeSync();
  if (!answer.computable) throw new Error(answer.because);
  const feeds: Record<string, Counts> = {};
  for (const r of answer.rows) {
    feeds[r.feed as string] ??= {};
    feeds[r.feed as string]![r.rule as string] = {
      lookedAt: Number(r.looked_at),
      findings: Number(r.findings),
      vehicles: Number(r.vehicles),
    };
  }
  return feeds;
}

function countsOf(survey: FeedSurvey): Record<string, Counts> {
  return Object.fromEntries(
    survey.feeds.map((feed) => [
      feed.deviceId,
      Object.fromEntries(
        feed.rules.map(({ rule, lookedAt, findings, vehicles }) => [rule, { lookedAt, findings, vehicles }]),
      ),
    ]),
  );
}

it('counts rule by rule what the report counts of the same readings', async (context) => {
  const data = await emptyDirectory(context);
  const { fleet, sent } = illFeed();
  const recording: Recording = {
    name: 'ill',
    timezone: 'UTC',
    city: 'Lines',
    registry: {
      ...emptyRegistry(),
      sites: [{ siteId: 'feed' }],
      deviceIds: ['feed'],
      installations: [{ deviceId: 'feed', siteId: 'feed' }],
    },
    notes: [],
    async *messages() {
      for (const { receivedAt, reading } of sent)
        yield { deviceId: 'feed', receivedAt, payload: JSON.stringify([reading]), readings: 1 };
    },
    caveats: () => [],
  };
  await data.setCity({ name: 'Lines', timezone: 'UTC' });
  await importSimulatedTimetable(data, fleet.network, fleet.date);
  await replay({ config: testConfig(), data, recording, pace: 'max' });
  await refreshLake(data);
  await matchDates(data);

  const now = EIGHT + (MINUTES + 3) * MINUTE_MS;
  const survey = await judgedLive(data, fleet.date, 'UTC', now);
  const live = countsOf(survey).feed!;
  const { 'clock-behind': nightly, ...report } = (await judgedByReport(data, fleet.date)).feed!;
  expect(nightly).toBeDefined();
  expect(live).toEqual(report);
  // Nothing was planted in vain, and nothing came too late to be looked at.
  expect(Object.entries(report).filter(([, { findings }]) => findings === 0)).toEqual([]);
  expect(Object.keys(report).length).toBe(19);
  expect(survey.feeds[0]!.rules.filter((r) => r.leftToNight > 0)).toEqual([]);
});

it('counts of recorded feeds what the report counts', async (context) => {
  const names = ['king-county-metro', 'nyct-subway', 'bart'];
  const paths = names.map((name) => sharedRecording(context, `gtfs-rt/${name}`));
  for (const [i, name] of names.entries()) {
    const data = await emptyDirectory(context);
    const recording = await feedRecording(feeds['gtfs-rt']!).open(paths[i]!, {});
    await replay({ config: testConfig(), data, recording, pace: 'max' });
    await refreshLake(data);
    const last = Math.max(...(await recordsOf(data)).map((r) => r.receivedAt));
    const date = new Date(last).toISOString().slice(0, 10);
    const live = countsOf(await judgedLive(data, date, 'UTC', last + MINUTE_MS))[name];
    const { 'clock-behind': _, ...report } = (await judgedByReport(data, date))[name]!;
    expect(live).toEqual(report);
  }
});

it('is told of a feed in a city without a timetable, on the page and to programs', async (context) => {
  const data = await emptyDirectory(context);
  await data.setCity({ name: 'Lines', timezone: 'UTC' });
  await data.registry.change(sensor('feed'));
  const config = testConfig();
  const pipeline = await startPipeline(config, data, { ephemeral: true });
  const api = await startApi({ data, pipeline, config });
  const errors: unknown[] = [];
  let follower: ReturnType<typeof startLiveFollower> | undefined;
  context.onTestFinished(async () => {
    await follower?.stop();
    await api.close();
    await pipeline.stop();
  });
  const ask = async () => (await (await fetch(`${api.url}/api/feeds`)).json()) as FeedsNow | null;
  expect(await ask()).toBe(null);
  const report = (more: Sent = {}) => ({
    kind: 'vehicle-position',
    vehicleId: 'tram-7',
    observedAt: at(Date.now() - 100_000),
    lat: 60,
    lon: 24,
    ...more,
  });
  const send = (...readings: Sent[]) => sendAs('feed', keyOf('feed'), pipeline.gateway.port, [readings]);
  // Once its first five minutes are over the city knows that there is a feed.
  await send(report({ observedAt: at(Date.now() - 20 * MINUTE_MS) }));
  await send(report());
  await pipeline.processed();
  follower = startLiveFollower(config, data, 'UTC', (error) => errors.push(error));
  let feeds: FeedsNow | null = null;
  for (let attempt = 0; attempt < 30 && (feeds?.feeds[0]?.readings ?? 0) < 2; attempt++) {
    await send(report(), report({ lat: 0, lon: 0 }));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    feeds = await ask();
  }
  expect(errors).toEqual([]);
  expect(feeds!.feeds).toMatchObject([
    { deviceId: 'feed', state: 'heard', stale: false, vehicles: 1, staleVehicles: 1 },
  ]);
  expect(feeds!.feeds[0]!.rules.find((r) => r.rule === 'zero-position')).toMatchObject({
    examples: ['tram-7: 0, 0'],
  });
  expect(await (await fetch(`${api.url}/metrics`)).text()).toContain('headway_feeds{state="heard"} 1');
  const page = await (await fetch(api.url)).text();
  expect(page).toContain('<h2>Feeds');
  expect(page).toContain('stale-vehicle');
});
