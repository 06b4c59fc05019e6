import type { Corridor, Link } from '#domain/registry/entries.ts';
import type { Freeway } from '../traffic/freeway.ts';
import type { Street } from '../traffic/street.ts';
import type { LaidRoad } from './city.ts';
import { lineBetween, position, spotAt } from './geometry.ts';

const CARRIAGEWAY_LEFT_M = 12;
const STREET_LEFT_M = 4;

/** A stretch of one direction, from one kilometre travelled to another. */
export function linkEntry(
  laid: LaidRoad,
  way: 0 | 1,
  road: Freeway | Street,
  linkId: string,
  fromKm: number,
  toKm: number,
): Link {
  const onLine = (km: number) => (way === 0 ? km : laid.line.lengthKm - km);
  return {
    linkId,
    name: `${laid.name} ${road.direction}`,
    road: road.road,
    direction: road.direction,
    lengthKm: round(toKm - fromKm),
    lanes: road.lanes,
    speedLimitKmh: speedLimitKmh(road),
    line: lineBetween(laid.line, onLine(fromKm), onLine(toKm), leftM(road, way)),
  };
}

/** Sites by distance travelled. */
export function corridorEntry(
  corridorId: string,
  road: { road: string; direction: string },
  sites: readonly { siteId: string; km: number }[],
): Corridor {
  const start = sites[0]!.km;
  return {
    corridorId,
    name: `${road.road} ${road.direction}`,
    road: road.road,
    sites: sites.map((s) => ({ siteId: s.siteId, km: round(s.km - start) })),
  };
}

/** Where a site lies, so many kilometres down one of a road's two ways. */
export function sitePosition(laid: LaidRoad, road: Freeway | Street, way: 0 | 1, travelledKm: number) {
  const km = way === 0 ? travelledKm : laid.line.lengthKm - travelledKm;
  return position(spotAt(laid.line, km, leftM(road, way)));
}

/** Traffic keeps left; metres to the left of the line's own direction. */
function leftM(road: Freeway | Street, way: 0 | 1): number {
  return (way === 0 ? 1 : -1) * ('freewayId' in road ? CARRIAGEWAY_LEFT_M : STREET_LEFT_M);
}

/** The signposted limit. */
export function speedLimitKmh(road: Freeway | Street): number {
  return 'freewayId' in road ? 110 : road.type === 'arterial' ? 50 : 80;
}

const round = (value: number) => Math.round(value * 100) / 100;
