// `npm run study:before-after [-- SEEDS [FIRST]]`: how often the before-and-after measure is right about changes planted
// in simulated cities. The measure's own SQL runs on what the streets' simulated traffic adds up to by day; 200 seeds
// take some ten minutes of processor time.
import type { DuckDBConnection } from '@duckdb/node-api';
import { rowsOf } from '#analytics/measures/rows.ts';
import { measureSql } from '#analytics/measures/run-measure.ts';
import type { City, Sensor, StreetSpot } from '#device-sim/city/city.ts';
import { simulatedCity } from '#device-sim/city/simulated-city.ts';
import { bell, nameHash, noise } from '#device-sim/random.ts';
import { streetTraffic } from '#device-sim/traffic/street.ts';
import { DAY_MS, MINUTE_MS, parseInstant } from '#domain/instant.ts';
import { fillLake, smallLake } from '../../golden/measures/small-lake.ts';

const from = parseInstant('2026-01-12T00:00:00Z')!;
const WEEKS = 16;
const DAYS = WEEKS * 7;
const changeAt = from + (WEEKS / 2) * 7 * DAY_MS;

export interface Circumstances {
  name: string;
  sensors: number;
  /**
   * Roads have weeks of their own beside the simulator's chance: by 1 %, half of which stays to the next week; and the
   * whole city has good and bad weeks, by 3 %.
   */
  moody: boolean;
}

export const circumstances: readonly Circumstances[] = [
  { name: 'one road to compare with', sensors: 60, moody: false },
  { name: 'five roads to compare with', sensors: 180, moody: false },
  { name: 'five roads, each with weeks of its own', sensors: 180, moody: true },
];

export interface Verdict {
  /** The 95 % interval holds the planted 8 %. */
  covered: boolean;
  /** At the placebo date a change was claimed. */
  placeboRejected: boolean;
  /** A change of 10 % was told from nothing. */
  tenTold: boolean;
  smallestVisible: number;
}

type StreetSensor = Sensor & { watches: StreetSpot };

/** One verdict for each of the circumstances asked about. */
export async function judgeSeed(
  lake: DuckDBConnection,
  seed: number,
  about: readonly Circumstances[] = circumstances,
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  let known: { sensors: number; study: Study } | undefined;
  for (const { sensors, moody } of about) {
    if (known?.sensors !== sensors) known = { sensors, study: studyOf(seed, sensors) };
    const { study } = known;
    const eight = await ask(lake, study, study.eight, { seed, moody });
    const ten = await ask(lake, study, study.ten, { seed, moody });
    const [change, placebo] = ['change', 'placebo'].map(
      (name) => eight.find((row) => row.comparison === name)!,
    );
    verdicts.push({
      covered: (change!.low as number) <= -0.08 && (change!.high as number) >= -0.08,
      placeboRejected: placebo!.told_from_nothing as boolean,
      tenTold: ten.find((row) => row.comparison === 'change')!.told_from_nothing as boolean,
      smallestVisible: change!.smallest_visible as number,
    });
  }
  return verdicts;
}

type Study = ReturnType<typeof studyOf>;

/** A city's streets without its freeways (their traffic is the same), one of its arterials to be treated. */
function studyOf(seed: number, size: number) {
  const city = simulatedCity({ seed, sensors: size, timezone: 'UTC', incidentsPer100KmDay: 0 });
  const roads = [...new Set(city.streets.filter((s) => s.type === 'arterial').map((s) => s.road))];
  const sensors = city.sensors.flatMap((sensor): StreetSensor[] => {
    const { watches } = city.points[sensor.firstPoint]!;
    return watches.type === 'street' ? [{ ...sensor, watches }] : [];
  });
  const watched = [...new Set(sensors.map((s) => s.watches.street))];
  const unchanged = new Map(
    watched.map((street) => [street, dailyTotals(city, street, { days: [0, DAYS], factor: 1 })]),
  );
  const road = roads[seed % roads.length]!;
  /** The treated streets' days with so much of their demand from the change on. */
  const treated = (factor: number) =>
    new Map(
      watched
        .filter((street) => city.streets[street]!.road === road)
        .map((street) => {
          const after = dailyTotals(city, street, { days: [DAYS / 2, DAYS], factor });
          return [street, unchanged.get(street)!.map((n, d) => (d < DAYS / 2 ? n : after[d]!))];
        }),
    );
  return { sensors, unchanged, eight: treated(0.92), ten: treated(0.9), road };
}

/** Vehicles that enter a street, by day of the study. */
function dailyTotals(
  city: City,
  street: number,
  { days, factor }: { days: [from: number, to: number]; factor: number },
): Float64Array {
  const traffic = streetTraffic(city.streets[street]!, city.seed, city.calendar, () => factor);
  const byDay = new Float64Array(DAYS);
  for (let d = days[0]; d < days[1]; d++) {
    for (let m = 0; m < 1_440; m++) byDay[d]! += traffic.entering((from + d * DAY_MS) / MINUTE_MS + m);
  }
  return byDay;
}

async function ask(
  lake: DuckDBConnection,
  { sensors, unchanged, road }: Study,
  changed: ReadonlyMap<number, Float64Array>,
  { seed, moody }: { seed: number; moody: boolean },
) {
  const moods = new Map(sensors.map((s) => [s.road, moody ? moodsOf(s.road, seed) : undefined]));
  await fillLake(lake, {
    sites: sensors.map((s) => ({ site: s.siteId })),
    corridors: Object.fromEntries(
      [...new Set(sensors.map((s) => s.road))].map((name) => [
        name,
        sensors.filter((s) => s.road === name).map((s, i) => [s.siteId, i] as [string, number]),
      ]),
    ),
  });
  await lake.run('CREATE OR REPLACE TEMP TABLE day_counts (site_id VARCHAR, day INTEGER, count INTEGER)');
  const appender = await lake.createAppender('day_counts');
  for (const sensor of sensors) {
    const { street } = sensor.watches;
    const totals = changed.get(street) ?? unchanged.get(street)!;
    const mood = moods.get(sensor.road);
    for (let d = 0; d < DAYS; d++) {
      appender.appendVarchar(sensor.siteId);
      appender.appendInteger(d);
      appender.appendInteger(
        Math.floor(totals[d]! * sensor.watches.share * (mood?.[Math.floor(d / 7)] ?? 1)),
      );
      appender.endRow();
    }
  }
  appender.closeSync();
  await lake.run(`
    INSERT INTO windows BY NAME
    SELECT 'traffic-flow' AS kind, site_id AS device_id, '' AS subject, site_id, '' AS direction, 0 AS lane,
      to_timestamp(${from / 1_000} + day * 86400) AS start_at, 86400 AS window_s, 86400 AS observed_s, count,
      86400 AS count_s
    FROM day_counts`);
  const asked = {
    from_at: from,
    to_at: from + DAYS * DAY_MS,
    change_at: changeAt,
    treated: sensors
      .filter((s) => s.road === road)
      .map((s) => s.siteId)
      .join(','),
    seed,
    replicates: 400,
  };
  // The measure's own SQL, without the shares and caveats that a person would get beside it.
  return rowsOf(lake, measureSql('before-after', asked));
}

/** By week: the city's, times the road's own, which remembers half of the week before. */
function moodsOf(road: string, seed: number): Float64Array {
  const [ofCity, ofRoad] = [nameHash('mood'), nameHash(`mood/${road}`)];
  const weeks = new Float64Array(WEEKS);
  let own = bell(noise(seed, ofRoad, -1));
  for (let w = 0; w < WEEKS; w++) {
    own = 0.5 * own + Math.sqrt(0.75) * bell(noise(seed, ofRoad, w));
    weeks[w] = Math.exp(0.03 * bell(noise(seed, ofCity, w)) + 0.01 * own);
  }
  return weeks;
}

if (import.meta.main) {
  const [seeds, first] = [Number(process.argv[2] ?? 200), Number(process.argv[3] ?? 1)];
  const lake = await smallLake({});
  const verdicts: Verdict[][] = circumstances.map(() => []);
  for (let seed = first; seed < first + seeds; seed++) {
    for (const [i, verdict] of (await judgeSeed(lake, seed)).entries()) verdicts[i]!.push(verdict);
    if (seed % 10 === 0) console.error(`seed ${seed}`);
  }
  console.log(`of ${seeds} seeds:`);
  for (const [i, { name }] of circumstances.entries()) {
    const mine = verdicts[i]!;
    const count = (is: (v: Verdict) => boolean) => mine.filter(is).length;
    const visible = mine.map((v) => v.smallestVisible).sort((a, b) => a - b)[Math.floor(seeds / 2)]!;
    console.log(
      `${name}: the planted -8 % lies in its 95 % interval in ${count((v) => v.covered)}; ` +
        `a change claimed at the placebo date in ${count((v) => v.placeboRejected)}; ` +
        `10 % told from nothing in ${count((v) => v.tenTold)}; ` +
        `smallest visible change, median, ${(visible * 100).toFixed(2)} %`,
    );
  }
}
