import { DAY_MS, MINUTE_MS } from '#domain/instant.ts';
import type { CityDay } from './calendar.ts';
import { CAPACITY_VEH_H } from './cell-transmission.ts';
import { type Freeway, freewayTraffic } from './freeway.ts';

/** An ordinary Tuesday in October: no season, no holiday, no chance. */
const ordinaryDay: CityDay = {
  number: 0,
  date: '',
  type: 'weekday',
  weekday: 2,
  month: 10,
  schoolHoliday: false,
};

/** The demand at which the freeway's bottleneck makes the queue it is planted with. */
export function calibratedBottleneck(freeway: Freeway): Freeway {
  const bottleneck = freeway.bottleneck;
  if (!bottleneck) return freeway;
  let low = CAPACITY_VEH_H * bottleneck.capacityShare * 0.9;
  let high = CAPACITY_VEH_H * bottleneck.capacityShare * 1.6;
  for (let i = 0; i < 13; i++) {
    const middle = (low + high) / 2;
    if (longestQueueKm({ ...freeway, flowPerLane: middle }) < bottleneck.queueKm) low = middle;
    else high = middle;
  }
  return { ...freeway, flowPerLane: low };
}

/** The longest queue of an ordinary day, kilometres to a fraction of a cell by the time it is that long. */
function longestQueueKm(freeway: Freeway): number {
  const bottleneck = freeway.bottleneck!;
  const traffic = freewayTraffic(freeway, undefined);
  const morning = bottleneck.peak === 'morning';
  const from = morning ? 4 * 60 : 13 * 60;
  const to = morning ? 11 * 60 : 20 * 60;
  let longest = 0;
  for (let minute = from; minute < to; minute++) {
    traffic.minute(DAY_MS + minute * MINUTE_MS, ordinaryDay, minute, 1, []);
    longest = Math.max(longest, traffic.queueKm(bottleneck.cell));
  }
  return longest;
}
