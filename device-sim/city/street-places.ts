import { type Random, seededRandom } from '../random.ts';
import type { Street } from '../traffic/street.ts';
import type { Point, SensorType } from './city.ts';
import { addSensor, type Equipment } from './equipment.ts';
import { corridorEntry, linkEntry, sitePosition, speedLimitKmh } from './road-entries.ts';
import type { LaidStreet } from './streets.ts';

/** Places along a street: at each, one sensor a direction, or one (radar) that reports both by name. */
export function equipStreet(
  equipment: Equipment,
  seed: number,
  laid: LaidStreet,
  streets: readonly Street[],
  slots: number,
): void {
  const random = seededRandom(seed, `sensors/${laid.road}`);
  const places = Math.ceil(slots / 2);
  const spacing = laid.line.lengthKm / places;
  const ids = [0, 1].map((way) => streets[laid.streets[way as 0 | 1]]!.streetId);
  const along = [[], []] as { siteId: string; km: number }[][];
  for (let n = 0; n < places; n++) {
    const km = round((n + 0.5) * spacing);
    const only = slots - 2 * n === 1;
    const both = !only && (laid.type === 'rural' || random.next() < 0.2);
    const ways = both || only ? [0] : [0, 1];
    for (const way of ways) {
      const street = streets[laid.streets[way as 0 | 1]]!;
      const travelled = way === 0 ? km : round(laid.line.lengthKm - km);
      const siteId = both
        ? `${laid.road.replaceAll(' ', '-')}-${String(Math.round(km * 10)).padStart(3, '0')}`
        : `${ids[way]}-${String(Math.round(travelled * 10)).padStart(3, '0')}`;
      equipment.sites.push({
        siteId,
        name: `${laid.name} ${both ? '' : `${street.direction} `}km ${travelled.toFixed(1)}`,
        position: sitePosition(laid, street, way as 0 | 1, travelled),
        road: laid.road,
        ...(!both && { direction: street.direction, linkId: ids[way]! }),
        lanes: both ? 2 * street.lanes : street.lanes,
        speedLimitKmh: speedLimitKmh(street),
      });
      if (!both) along[way]!.push({ siteId, km: travelled });
      addSensor(equipment, random, {
        siteId,
        type: both ? 'radar' : streetSensor(random),
        road: laid.road,
        direction: both ? '' : street.direction,
        km: travelled,
        watchesBottleneck: false,
        lanes: street.lanes,
        byLane: [],
        watches: (both ? ([0, 1] as const) : ([way] as (0 | 1)[])).map((w) => ({
          direction: both ? streets[laid.streets[w]]!.direction : '',
          watches: streetSpot(
            streets[laid.streets[w]]!,
            laid.streets[w],
            w === 0 ? km : laid.line.lengthKm - km,
          ),
        })),
      });
    }
  }
  for (const way of [0, 1] as const) {
    const street = streets[laid.streets[way]]!;
    equipment.links.push(linkEntry(laid, way, street, street.streetId, 0, laid.line.lengthKm));
    const sites = along[way]!.sort((a, b) => a.km - b.km);
    if (sites.length >= 2) equipment.corridors.push(corridorEntry(street.streetId, street, sites));
  }
}
function streetSensor(random: Random): SensorType {
  const chance = random.next();
  return chance < 0.5 ? 'camera' : chance < 0.75 ? 'radar' : 'single-loop';
}
function streetSpot(street: Street, index: number, km: number): Point['watches'] {
  const lagMinutes = Math.min(60, Math.round((km / street.freeFlowKmh) * 60));
  return { type: 'street', street: index, lagMinutes, share: street.type === 'rural' ? 1 : 1 - 0.012 * km };
}
const round = (value: number) => Math.round(value * 100) / 100;
