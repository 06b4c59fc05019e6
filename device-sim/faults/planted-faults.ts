import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from '#domain/instant.ts';
import type { City, Sensor } from '../city/city.ts';
import { type Random, seededRandom } from '../random.ts';
import { type Fault, type FaultKind, faultKinds } from './fault.ts';

/** Of all sensors, how many have any one kind of fault. */
const SHARE_OF_EACH = 0.005;
const CABINET_SENSORS = 8;

/** What stays wrong until somebody is sent: planted without an end, so it goes on when history becomes live. */
const lasting: ReadonlySet<FaultKind> = new Set(['undercount', 'swapped-lanes', 'swapped-directions']);

/**
 * A city's usual ailments in [from, to): each kind on at least one sensor where the city has one that can have it,
 * one fault a sensor, none near a bottleneck. Follows from the city's seed and the span.
 */
export function plantedFaults(city: City, { from, to }: { from: Instant; to: Instant }): Fault[] {
  const random = seededRandom(city.seed, 'faults');
  const free = new Set(city.sensors.filter((s) => !s.watchesBottleneck));
  const take = (sensors: readonly Sensor[]) => {
    for (const s of sensors) free.delete(s);
    return sensors.map((s) => s.deviceId);
  };
  const faults: Fault[] = [];
  const plant = (kind: FaultKind, sensors: readonly Sensor[], details: Partial<Fault> = {}) => {
    if (sensors.length === 0) return;
    faults.push({
      faultId: `fault-${faults.length + 1}-${kind}`,
      kind,
      deviceIds: take(sensors),
      ...spanOf(random, city, kind, from, to),
      ...details,
    });
  };

  plant('dead-cabinet', cabinet(random, city, free));
  const each = Math.max(1, Math.round(SHARE_OF_EACH * city.sensors.length));
  for (let n = 0; n < each; n++) {
    for (const kind of faultKinds) {
      if (kind === 'dead-cabinet') continue;
      const able = [...free].filter((s) => canHave(kind, s, free, city));
      if (able.length === 0) continue;
      const sensor = random.pick(able);
      const both = kind === 'swapped-directions' && sensor.opposite !== undefined;
      plant(kind, both ? [sensor, city.sensors[sensor.opposite!]!] : [sensor], detailsOf(random, kind, n));
    }
  }
  return faults;
}

/** Eight sensors of one cabinet, or of neighbouring ones on the same road. */
function cabinet(random: Random, city: City, free: ReadonlySet<Sensor>): Sensor[] {
  const byCabinet = Map.groupBy(
    [...free].filter((s) => s.cabinet !== undefined),
    (s) => s.cabinet!,
  );
  const whole = [...byCabinet.values()].filter((sensors) => sensors.length === CABINET_SENSORS);
  if (whole.length > 0) return random.pick(whole);
  const longest = [
    ...Map.groupBy(
      city.sensors.filter((s) => free.has(s)),
      (s) => s.road,
    ).values(),
  ].sort((a, b) => b.length - a.length)[0];
  return longest && longest.length >= 2 * CABINET_SENSORS ? longest.slice(0, CABINET_SENSORS) : [];
}

function canHave(kind: FaultKind, sensor: Sensor, free: ReadonlySet<Sensor>, city: City): boolean {
  const lanes = city.points[sensor.firstPoint]!.lane !== 0;
  if (kind === 'swapped-lanes') return lanes;
  if (lanes) return false;
  if (kind === 'swapped-directions') {
    if (sensor.points === 2) return true;
    return sensor.opposite !== undefined && free.has(city.sensors[sensor.opposite]!);
  }
  // Where hardly anybody drives, too few vehicles and too little variety are nothing to see.
  const onFreeway = city.points[sensor.firstPoint]!.watches.type === 'freeway';
  if (kind === 'undercount' || kind === 'stuck' || kind === 'chattering') return onFreeway;
  return true;
}

function detailsOf(random: Random, kind: FaultKind, n: number): Partial<Fault> {
  if (kind === 'lose') return { share: 0.2 };
  if (kind === 'repeat') return { share: 0.15 };
  if (kind === 'restate') return { share: 0.1 };
  if (kind === 'clock-hour') return { clockOffsetS: n % 2 === 0 ? -3_600 : 3_600 };
  if (kind === 'clock-minutes') return { clockOffsetS: (n % 2 === 0 ? 1 : -1) * (240 + random.int(300)) };
  return {};
}

function spanOf(
  random: Random,
  city: City,
  kind: FaultKind,
  from: Instant,
  to: Instant,
): Pick<Fault, 'from' | 'to'> {
  const span = to - from;
  if (lasting.has(kind)) return { from: wholeMinute(from + span * random.between(0, 0.15)), to: Infinity };
  const lengthMs = Math.min(span * 0.6, lengthOf(random, kind));
  const latest = to - lengthMs;
  const firstDay = city.calendar.dayOf(from).number;
  const days = Math.max(1, Math.floor((latest - from) / DAY_MS));
  // By day, when somebody drives: a sensor stuck at midnight would be stuck at nothing.
  const start = city.calendar.instantOf(firstDay + random.int(days), 540 + random.int(360));
  const startAt = Math.max(from, Math.min(latest, start));
  return { from: wholeMinute(startAt), to: wholeMinute(startAt + lengthMs) };
}

function lengthOf(random: Random, kind: FaultKind): number {
  if (kind === 'delay') return random.between(3, 12) * HOUR_MS;
  if (kind === 'dead-cabinet' || kind === 'silent') return random.between(1, 2.5) * DAY_MS;
  if (kind === 'stuck' || kind === 'chattering') return random.between(2, 4) * DAY_MS;
  return random.between(3, 6) * DAY_MS;
}

const wholeMinute = (at: Instant) => Math.round(at / MINUTE_MS) * MINUTE_MS;
