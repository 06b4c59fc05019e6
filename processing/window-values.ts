import { DETECTOR_OFF, DETECTOR_ON } from '#domain/readings/signal-event.ts';
import type { HistogramBasis, Member, WindowValues } from '#domain/window.ts';
import { CLASS_COUNTS, CONTENT, type Members } from './members.ts';
import { type SpeedBins, speedBins } from './speed-bins.ts';

/** Adds a window's members to its figures, which begin at nothing: the same in any order. Units: see `WindowValues`. */
export function addMembers(values: WindowValues, kind: string, members: Members): void {
  if (kind === 'traffic-flow') addTrafficFlow(values, members);
  else if (kind === 'signal-event') addActuations(values, members.others);
  else if (kind === 'travel-time') for (const m of members.others) values.observedS += m.content[0] as number;
}

const byCount = speedBins();
const byTime = speedBins();
const byDriver = speedBins();

/** Content: see `trafficFlow`. */
function addTrafficFlow(values: WindowValues, members: Members): void {
  const { plain, plainEnd, stride, classes, others } = members;
  for (let at = CONTENT; at < plainEnd; at += stride) {
    addFlow(values, plain[at]!, plain[at + 1]!, plain[at + 2]!, plain[at + 3]!);
  }
  if (plainEnd > 0) {
    for (const [k, vehicleClass] of classes.names.entries()) {
      let total = 0;
      for (let at = CLASS_COUNTS + k; at < plainEnd; at += stride) total += plain[at]!;
      values.classCounts[vehicleClass] = total;
    }
  }
  for (const { content: c } of others) {
    addFlow(values, c[0] as number, orNaN(c[1]), orNaN(c[2]), orNaN(c[3]));
    const classesEnd = 5 + 2 * (c[4] as number);
    for (let i = 5; i < classesEnd; i += 2) {
      const vehicleClass = c[i] as string;
      values.classCounts[vehicleClass] = (values.classCounts[vehicleClass] ?? 0) + (c[i + 1] as number);
    }
    for (let i = classesEnd; i < c.length; i += 2) byDriver.add(c[i] as number, c[i + 1] as number);
  }
  // Drivers' speeds, means by vehicles and means by seconds are different things: the best there is, never a mixture.
  setHistogram(values, 'drivers', byDriver);
  setHistogram(values, 'means-by-count', byCount);
  setHistogram(values, 'means-by-time', byTime);
}

/** NaN for what was not measured. Pace: microseconds a kilometre = 3.6e9 / (km/h), times vehicles, rounded once a reading. */
function addFlow(
  values: WindowValues,
  periodS: number,
  count: number,
  speedMilliKmh: number,
  occupancyMicro: number,
): void {
  values.observedS += periodS;
  const counted = !Number.isNaN(count);
  if (counted) {
    values.count = (values.count ?? 0) + count;
    values.countS += periodS;
  }
  if (!Number.isNaN(occupancyMicro)) {
    values.occupancyMicroS += occupancyMicro * periodS;
    values.occupancyS += periodS;
  }
  if (Number.isNaN(speedMilliKmh)) return;
  const bin = Math.floor(speedMilliKmh / 1_000);
  if (!counted) {
    values.speedMilliS += speedMilliKmh * periodS;
    values.speedS += periodS;
    byTime.add(bin, periodS);
  } else if (count > 0 && speedMilliKmh > 0) {
    // A mean speed of no vehicles says nothing; one of 0 km/h has no pace.
    values.paceMicroS += Math.round((count * 3.6e12) / speedMilliKmh);
    values.paceCount += count;
    byCount.add(bin, count);
  }
}

/** Unless there is a better one. The bins are empty afterwards. */
function setHistogram(values: WindowValues, basis: HistogramBasis, bins: SpeedBins): void {
  const pairs = bins.take();
  if (pairs.length === 0 || values.histogramBasis !== null) return;
  values.histogramBasis = basis;
  values.speedHistogram = pairs;
}

/** Detector-on events of a channel; other events are members, and count nothing. */
function addActuations(values: WindowValues, members: readonly Member[]): void {
  for (const member of members) {
    const eventCode = member.content[0] as number;
    if (eventCode === DETECTOR_ON) values.count = (values.count ?? 0) + 1;
    else if (eventCode === DETECTOR_OFF) values.count ??= 0;
  }
}

function orNaN(value: number | string | null | undefined): number {
  return typeof value === 'number' ? value : Number.NaN;
}
