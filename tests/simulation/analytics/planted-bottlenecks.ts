import type { Row } from '#analytics/measures/rows.ts';
import { runMeasure } from '#analytics/measures/run-measure.ts';
import type { City } from '#device-sim/city/city.ts';
import { simulatedCity } from '#device-sim/city/simulated-city.ts';
import { CELL_KM } from '#device-sim/traffic/cell-transmission.ts';
import type { CityMinute } from '#device-sim/traffic/passing.ts';
import { queueDays } from '#device-sim/truth/queue-days.ts';
import { DAY_MS, MINUTE_MS, parseInstant } from '#domain/instant.ts';
import { simulatedLake } from './simulated-lake.ts';

/** A Monday in October; the moving jam comes on the third day. */
export const from = parseInstant('2026-10-05T00:00:00+01:00')!;

interface Queue {
  bottleneckId: string;
  date: string;
  from: string;
  to: string;
}

interface PlantedBottleneck {
  bottleneckId: string;
  queueKm: number;
  peak: 'morning' | 'evening';
  /** From the last sensor before it to its head, where the queue begins: what no sensor sees. */
  blindKm: number;
  /** Rows of the bottlenecks table within one site of its place. */
  found: Row[];
  /**
   * By day on which its queue stood at a sensor: minutes by which the episode found begins and ends too early or late
   * against the queue as a whole, and against what stood at that sensor; infinite where none was found.
   */
  days: { date: string; minutesSeen: number; ofQueue: [number, number]; ofSeen: [number, number] }[];
}

export interface BottlenecksFound {
  planted: PlantedBottleneck[];
  /** Rows that are at no planted bottleneck. */
  others: Row[];
  /** Of freeway directions. */
  freewayKm: number;
  /** Moving jams there were. */
  jams: number;
  /** Rows of the episodes and of both tables that fall into a moving jam's time, on its corridor. */
  movingJams: Row[];
}

/** What the measures find in a simulated city of 300 perfect sensors, beside what was planted. */
export async function findBottlenecks(seed: number, days: number): Promise<BottlenecksFound> {
  const to = from + days * DAY_MS;
  const city = simulatedCity({ seed, sensors: 300 });
  const watch = queuesOf(city);
  const lake = await simulatedLake(city, { from, to }, { onMinute: watch.minute });
  const queues = watch.ended();
  const ask = async (name: string, more: object = {}) => {
    const answer = await runMeasure(lake, name, { from_at: from, to_at: to, ...more });
    if (!answer.computable) throw new Error(answer.because);
    return answer.rows;
  };
  const found = await ask('bottlenecks');
  const oneOff = await ask('bottlenecks', { recurrence: 'one-off' });
  const episodes = await ask('bottleneck-episodes');
  lake.closeSync();

  const planted = city.bottlenecks.map((b): PlantedBottleneck => {
    const { bottleneckId, queueKm, peak } = b;
    const seen = queues.seen.filter((q) => q.bottleneckId === bottleneckId);
    const days = seen.map(({ date, ...span }) => {
      const whole = queues.whole.find((q) => q.bottleneckId === bottleneckId && q.date === date)!;
      // The place may have had an incident's queue too, at another time of that day.
      const episode = episodes
        .filter((e) => e.date === date && sitesApart(city, b, e) <= 1)
        .sort((a, b) => sharedMs(b, whole) - sharedMs(a, whole))[0];
      return {
        date,
        minutesSeen: (Date.parse(span.to) - Date.parse(span.from)) / MINUTE_MS,
        ofQueue: minutesApart(episode, whole),
        ofSeen: minutesApart(episode, span),
      };
    });
    return {
      bottleneckId,
      queueKm,
      peak,
      blindKm: b.km - sensorBefore(city, b).km,
      days,
      found: found.filter((row) => sitesApart(city, b, row) <= 1),
    };
  });
  const first = city.calendar.dayOf(from).number;
  const jams = Array.from({ length: days }, (_, d) => city.movingJamOf(first + d)).filter(
    (j) => j !== undefined,
  );
  const movingJams = jams.flatMap((jam) =>
    [...episodes, ...oneOff].filter((row) => {
      if (typeof row.from_at !== 'string') return false;
      const at = Date.parse(row.from_at);
      return corridorOf(city, jam) === row.corridor_id && at >= jam.from - 5 * MINUTE_MS && at <= jam.to;
    }),
  );
  return {
    planted,
    others: found.filter((row) => city.bottlenecks.every((b) => sitesApart(city, b, row) > 1)),
    freewayKm: city.freeways.reduce((sum, f) => sum + f.lengthKm, 0),
    jams: jams.length,
    movingJams,
  };
}

export type Place = { road: string; direction: string; km: number };
type OnRoad = Pick<Place, 'road' | 'direction'>;

function corridorOf(city: City, place: OnRoad): string {
  const site = city.sensors.find((s) => s.road === place.road && s.direction === place.direction)!.siteId;
  return city.corridors.find((c) => c.sites.some((s) => s.siteId === site))!.corridorId;
}

/** How many sites a row's upstream site lies from the last one before a place. */
export function sitesApart(city: City, place: Place, row: Row): number {
  const along = city.sensors
    .filter((s) => s.road === place.road && s.direction === place.direction)
    .sort((a, b) => a.km - b.km)
    .map((s) => s.siteId);
  const at = along.indexOf(sensorBefore(city, place).siteId);
  const there = along.indexOf(row.upstream_site as string);
  return there < 0 ? Number.POSITIVE_INFINITY : Math.abs(at - there);
}

function sensorBefore(city: City, place: Place) {
  return city.sensors
    .filter((s) => s.road === place.road && s.direction === place.direction && s.km <= place.km)
    .reduce((a, b) => (b.km > a.km ? b : a));
}

/** How long an episode and a queue stood at once; negative: how long after one the other came. */
function sharedMs(episode: Row, queue: Queue): number {
  const from = Math.max(Date.parse(episode.from_at as string), Date.parse(queue.from));
  return Math.min(Date.parse(episode.to_at as string), Date.parse(queue.to)) - from;
}

function minutesApart(found: Row | undefined, { from, to }: Pick<Queue, 'from' | 'to'>): [number, number] {
  if (found === undefined) return [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const apart = (at: unknown, truly: string) =>
    Math.abs(Date.parse(at as string) - Date.parse(truly)) / MINUTE_MS;
  return [apart(found.from_at, from), apart(found.to_at, to)];
}

/** Follows the queues of a city's bottlenecks: from their heads, and from the last sensor before those. */
function queuesOf(city: City) {
  const queues = { whole: [] as Queue[], seen: [] as Queue[] };
  const follow = (list: Queue[]) =>
    queueDays(city, (kind, body) => {
      if (kind === 'queue') list.push(body as Queue);
    });
  const [whole, seen] = [follow(queues.whole), follow(queues.seen)];
  const reaches = city.bottlenecks.map((b) => b.km - sensorBefore(city, b).km + CELL_KM / 2);
  const minute = (m: CityMinute) => {
    whole.minute(m);
    seen.minute({ ...m, incidents: [], queueKm: m.queueKm.map((km, b) => (km > reaches[b]! ? km : 0)) });
  };
  const ended = () => {
    whole.close();
    seen.close();
    return queues;
  };
  return { minute, ended };
}
