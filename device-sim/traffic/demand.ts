import type { CityDay } from './calendar.ts';

/** How strongly a road's weekday demand peaks over its daytime plateau, as shares of its highest demand. */
export interface PeakShape {
  morning: number;
  evening: number;
}

/** What kind of road the demand is for: who uses it differs, and when. */
export type RoadType = 'freeway' | 'arterial' | 'rural';

const MINUTES = 1_440;
const PLATEAU = 0.55;
const NIGHT = 0.05;
const MORNING_AT = 7.75;
const EVENING_AT = 17.25;

const table = (valueAt: (hour: number) => number): Float64Array =>
  Float64Array.from({ length: MINUTES }, (_, minute) => valueAt(minute / 60));
const hump = (hour: number, at: number, widthH: number) => Math.exp(-(((hour - at) / widthH) ** 2) / 2);
const rise = (hour: number, at: number, widthH: number) => 1 / (1 + Math.exp(-(hour - at) / widthH));
const between = (hour: number, from: number, to: number, widthH: number) =>
  rise(hour, from, widthH) * (1 - rise(hour, to, widthH));

const weekdayBase = table((h) => NIGHT + (PLATEAU - NIGHT) * between(h, 5.8, 20.3, 0.55));
const morningHump = table((h) => hump(h, MORNING_AT, 0.85));
const eveningHump = table((h) => hump(h, EVENING_AT, 1));
const saturday = table(
  (h) => NIGHT * 1.3 + 0.4 * between(h, 8, 21, 0.9) + 0.16 * hump(h, 13, 2.6) + 0.03 * hump(h, 0, 1.5),
);
const sunday = table((h) => NIGHT * 1.3 + 0.32 * between(h, 9, 20.5, 1) + 0.2 * hump(h, 15.5, 2.8));

/** Small: commuters come every weekday. Sunday to Saturday. */
const weekdayFactor = [1, 0.996, 1, 1.003, 1.003, 0.998, 1];

/**
 * Demand on a road as a share of its highest, by the local clock. Peaks hardly follow the season, leisure does
 * (+- 6 %, most in July); school holidays take 7 % off the peaks.
 */
export function demandShare(day: CityDay, minuteOfDay: number, peak: PeakShape): number {
  const season = 0.06 * Math.cos(((day.month - 7) * Math.PI) / 6);
  if (day.type === 'saturday') return saturday[minuteOfDay]! * (1 + season);
  if (day.type === 'sunday' || day.type === 'holiday') return sunday[minuteOfDay]! * (1 + season);
  const morning = morningHump[minuteOfDay]!;
  const evening = eveningHump[minuteOfDay]!;
  const leisure = 1 + season * (1 - Math.min(1, morning + evening));
  const commuters = day.schoolHoliday ? 0.93 : 1;
  const peaks = commuters * (peak.morning * morning + peak.evening * evening);
  return weekdayFactor[day.weekday]! * (weekdayBase[minuteOfDay]! * leisure + peaks);
}

const nightTrucks = table((h) => 1 - between(h, 5.5, 21.5, 0.7));

/** Share of trucks among vehicles: freight drives at night, commuters by day, few trucks at weekends. */
export function truckShare(day: CityDay, minuteOfDay: number, road: RoadType): number {
  const weekday = day.type === 'weekday';
  const peakDip = weekday ? 0.03 * (morningHump[minuteOfDay]! + eveningHump[minuteOfDay]!) : 0;
  const share = 0.09 - peakDip + 0.15 * nightTrucks[minuteOfDay]!;
  return share * (weekday ? 1 : 0.5) * (road === 'freeway' ? 1 : road === 'arterial' ? 0.5 : 0.4);
}

/** The highest a weekday's `demandShare` gets, off season: 1 for the heavier peak of a road of usual shape. */
export function highestShare(peak: PeakShape): number {
  let highest = 0;
  for (let m = 0; m < MINUTES; m++) {
    const share = weekdayBase[m]! + peak.morning * morningHump[m]! + peak.evening * eveningHump[m]!;
    highest = Math.max(highest, share);
  }
  return highest;
}
