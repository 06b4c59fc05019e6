import { DETECTOR_OFF, DETECTOR_ON } from '#domain/readings/signal-event.ts';
import type { HistogramBasis, Member, WindowValues } from '#domain/window.ts';

/** Adds a window's members to its figures, which begin at nothing: the same in any order. Units: see `WindowValues`. */
export function addMembers(values: WindowValues, kind: string, members: readonly Member[]): void {
  if (kind === 'traffic-flow') addTrafficFlow(values, members);
  else if (kind === 'signal-event') addActuations(values, members);
  else if (kind === 'travel-time') for (const m of members) values.observedS += m.content[0] as number;
}

/** Content: see `trafficFlow`. Pace: microseconds a kilometre = 3.6e9 / (km/h), times vehicles, rounded once a reading. */
function addTrafficFlow(values: WindowValues, members: readonly Member[]): void {
  const bins: Record<HistogramBasis, Map<number, number>> = {
    drivers: new Map(),
    'means-by-count': new Map(),
    'means-by-time': new Map(),
  };
  for (const member of members) {
    const { content } = member;
    const periodS = content[0] as number;
    const count = content[1] as number | null;
    const speedMilliKmh = content[2] as number | null;
    const occupancyMicro = content[3] as number | null;
    values.observedS += periodS;
    if (count !== null) {
      values.count = (values.count ?? 0) + count;
      values.countS += periodS;
    }
    if (occupancyMicro !== null) {
      values.occupancyMicroS += occupancyMicro * periodS;
      values.occupancyS += periodS;
    }
    const bin = speedMilliKmh === null ? 0 : Math.floor(speedMilliKmh / 1_000);
    if (speedMilliKmh !== null && count === null) {
      values.speedMilliS += speedMilliKmh * periodS;
      values.speedS += periodS;
      add(bins['means-by-time'], bin, periodS);
    }
    // A mean speed of no vehicles says nothing; one of 0 km/h has no pace.
    if (speedMilliKmh !== null && count !== null && count > 0 && speedMilliKmh > 0) {
      values.paceMicroS += Math.round((count * 3.6e12) / speedMilliKmh);
      values.paceCount += count;
      add(bins['means-by-count'], bin, count);
    }
    const classesEnd = 5 + 2 * (content[4] as number);
    for (let i = 5; i < classesEnd; i += 2) {
      const vehicleClass = content[i] as string;
      values.classCounts[vehicleClass] = (values.classCounts[vehicleClass] ?? 0) + (content[i + 1] as number);
    }
    for (let i = classesEnd; i < content.length; i += 2) {
      add(bins.drivers, content[i] as number, content[i + 1] as number);
    }
  }
  // Drivers' speeds, means by vehicles and means by seconds are different things: the best there is, never a mixture.
  for (const basis of ['drivers', 'means-by-count', 'means-by-time'] as const) {
    if (bins[basis].size === 0) continue;
    values.histogramBasis = basis;
    values.speedHistogram = [...bins[basis]].sort((a, b) => a[0] - b[0]);
    return;
  }
}

/** Detector-on events of a channel; other events are members, and count nothing. */
function addActuations(values: WindowValues, members: readonly Member[]): void {
  for (const member of members) {
    const eventCode = member.content[0] as number;
    if (eventCode === DETECTOR_ON) values.count = (values.count ?? 0) + 1;
    else if (eventCode === DETECTOR_OFF) values.count ??= 0;
  }
}

function add(bins: Map<number, number>, bin: number, weight: number): void {
  bins.set(bin, (bins.get(bin) ?? 0) + weight);
}
