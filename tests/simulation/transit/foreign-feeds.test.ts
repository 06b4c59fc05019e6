import { afterAll, describe, expect, it } from 'vitest';
import { rowsOf } from '#analytics/measures/rows.ts';
import { matchDate } from '#analytics/transit/match-date.ts';
import { gtfsRtSnapshots } from '#device-sim/transit/gtfs-rt-snapshots.ts';
import { hfpLine } from '#device-sim/transit/hfp-lines.ts';
import { HOUR_MS, type Instant } from '#domain/instant.ts';
import type { Feed, ForeignMessage } from '#ingest/feeds/feed.ts';
import { feedMessages } from '#ingest/feeds/feed-messages.ts';
import { gtfsRt } from '#ingest/feeds/gtfs-rt/gtfs-rt.ts';
import { hfp } from '#ingest/feeds/hfp/hfp.ts';
import { removeTemporaryFolders, temporaryFolder } from '../../unit/gtfs/small-feed.ts';
import { logAll, percentile, simulatedBuses, trueVisits } from './simulated-transit-lake.ts';

afterAll(removeTemporaryFolders);
const date = '2026-10-06';
const buses = simulatedBuses(date);
const truth = trueVisits(buses.day);
const span = { from: buses.day.dayStartAt + 9 * HOUR_MS, to: buses.day.dayStartAt + 10 * HOUR_MS };

function* hfpMessages(): Generator<ForeignMessage> {
  for (const report of buses.reports(10, span)) {
    const line = hfpLine(report, 3);
    if (line === undefined) continue;
    const [received, json] = [line.indexOf(' '), line.indexOf(' {')];
    yield {
      receivedAt: Date.parse(line.slice(0, received)),
      source: line.slice(received + 1, json),
      body: Buffer.from(line.slice(json + 1)),
    };
  }
}

function* snapshots(): Generator<ForeignMessage> {
  for (const { at, body } of gtfsRtSnapshots(buses.reports(10, span), 10))
    yield { receivedAt: at, source: '', body };
}

async function decoded(feed: Feed, messages: Iterable<ForeignMessage>) {
  const readings: { receivedAt: Instant; reading: Record<string, unknown> }[] = [];
  const lost: string[] = [];
  const options = {
    feed,
    timezone: buses.city.timezone,
    deviceId: 'buses',
    sensorDeviceId: (id: string) => id,
    onUnusable: ({ reason }: { reason: string }) => lost.push(reason),
  };
  for await (const { receivedAt, payload } of feedMessages(messages, options)) {
    for (const reading of JSON.parse(payload as string)) readings.push({ receivedAt, reading });
  }
  return { readings, lost };
}

describe.each([
  ['HFP', hfp, hfpMessages, 'event', 2],
  ['GTFS-Realtime', gtfsRt, snapshots, 'status', 12],
] as const)('a simulated hour told as %s', (_, feed, messages, method, withinS) => {
  it('is read by the feed without a loss, and matched to the trips that ran', async () => {
    const { readings, lost } = await decoded(feed, messages());
    expect(lost).toEqual([]);
    const db = await buses.lake();
    await logAll(db, temporaryFolder(), readings);
    await matchDate(db, date, buses.city.timezone);
    const seen = await rowsOf(
      db,
      `SELECT trip_id || '/' || position AS key, arrival_method, epoch_ms(arrival_at)::DOUBLE AS at, boardings FROM matched_visits
       WHERE relationship = 'scheduled'`,
    );
    const [unknown] = await rowsOf(
      db,
      "SELECT count(*)::INTEGER AS n FROM matched_trips WHERE relationship = 'unknown'",
    );
    expect(unknown).toEqual({ n: 0 });
    const ran = [...truth].filter(
      ([, { run, visit }]) =>
        run.fate === 'run' && visit.arrivalAt > span.from + 120_000 && visit.departureAt < span.to - 120_000,
    );
    const keys = new Set(seen.map((s) => s.key));
    expect(ran.filter(([key]) => keys.has(key)).length / ran.length).toBeGreaterThan(0.99);
    const off = seen
      .filter((s) => s.at !== null)
      .map(
        (s) =>
          Math.abs((s.at as number) - truth.get(s.key as `${string}/${number}`)!.visit.arrivalAt) / 1_000,
      );
    expect(percentile(off, 0.9)).toBeLessThan(withinS);
    expect(seen.filter((s) => s.arrival_method === method).length / seen.length).toBeGreaterThan(0.6);
    const canceled = await rowsOf(db, "SELECT trip_id FROM matched_trips WHERE relationship = 'canceled'");
    expect(canceled.length > 0).toBe(feed === gtfsRt);
    expect(seen.some((s) => s.boardings !== null)).toBe(feed === hfp);
    db.closeSync();
  });
});
