import { type Random, seededRandom } from '../random.ts';
import { CELL_KM } from '../traffic/cell-transmission.ts';
import type { Freeway } from '../traffic/freeway.ts';
import type { Sensor, SensorType } from './city.ts';
import { addSensor, type Equipment } from './equipment.ts';
import type { LaidFreeway } from './freeways.ts';
import { corridorEntry, linkEntry, sitePosition, speedLimitKmh } from './road-entries.ts';

/** A queue's head is seen by the sensors around it: none of these is blind, nor given a fault. */
const WATCHES_BOTTLENECK_KM = 3;
const GANTRIES_OF_A_CABINET = 4;

/** Gantries over both carriageways, evenly along the road. `laneWise` of the gantries' sensors report by lane. */
export function equipFreeway(
  equipment: Equipment,
  seed: number,
  laid: LaidFreeway,
  freeways: readonly Freeway[],
  gantries: number,
  laneWise: number,
): void {
  const random = seededRandom(seed, `sensors/${laid.road}`);
  const spacing = laid.line.lengthKm / gantries;
  const byLane = new Set(random.shuffle([...Array(gantries).keys()]).slice(0, laneWise));
  const cabinetAt: number[] = [];
  for (const way of [0, 1] as const) {
    const index = laid.freeways[way];
    const freeway = freeways[index]!;
    const sites: { siteId: string; km: number }[] = [];
    for (let n = 0; n < gantries; n++) {
      const gantry = way === 0 ? n : gantries - 1 - n;
      const middle = (gantry + 0.5) * spacing;
      const along = way === 0 ? middle : laid.line.lengthKm - middle;
      const cell = clearOfRamps(freeway, Math.min(freeway.cells - 2, Math.floor(along / CELL_KM)));
      const km = round((cell + 1) * CELL_KM);
      const near = Math.abs(km - (freeway.bottleneck?.km ?? -99)) < WATCHES_BOTTLENECK_KM;
      const lanes = way === 0 && byLane.has(gantry) ? [1, 2, 3] : undefined;
      const siteId = `${freeway.freewayId}-${String(Math.round(km * 10)).padStart(3, '0')}`;
      if (equipment.sites.at(-1)?.siteId === siteId) continue;
      const link = linkOf(freeway, km);
      equipment.sites.push({
        siteId,
        name: `${freeway.road} ${freeway.direction} km ${km.toFixed(1)}`,
        position: sitePosition(laid, freeway, way, km),
        road: freeway.road,
        direction: freeway.direction,
        linkId: link,
        lanes: freeway.lanes,
        speedLimitKmh: speedLimitKmh(freeway),
      });
      const sensor = addSensor(equipment, random, {
        siteId,
        type: lanes ? 'dual-loop' : freewaySensor(random, near),
        road: freeway.road,
        direction: freeway.direction,
        km,
        watchesBottleneck: near,
        cabinet: `${laid.road}-cabinet-${Math.floor(gantry / GANTRIES_OF_A_CABINET)}`,
        lanes: freeway.lanes,
        byLane: lanes ?? [],
        watches: [{ direction: '', watches: { type: 'freeway', freeway: index, cell } }],
      });
      // Between sites without speeds no drive could be timed.
      if (sensor.type !== 'single-loop') sites.push({ siteId, km });
      if (way === 0) cabinetAt[gantry] = sensor.index;
      else pair(equipment, sensor, cabinetAt[gantry]);
    }
    equipment.corridors.push(corridorEntry(freeway.freewayId, freeway, sites));
    addFreewayLinks(equipment, laid, way, freeway);
  }
}
function freewaySensor(random: Random, nearBottleneck: boolean): SensorType {
  const chance = random.next();
  if (chance < 0.2 && !nearBottleneck) return 'single-loop';
  return chance < 0.72 ? 'dual-loop' : 'radar';
}
function pair(equipment: Equipment, sensor: Sensor, oppositeIndex: number | undefined): void {
  if (oppositeIndex === undefined) return;
  const opposite = equipment.sensors[oppositeIndex]!;
  if (opposite.points !== sensor.points) return;
  sensor.opposite = oppositeIndex;
  opposite.opposite = sensor.index;
}
/** Between an exit and the entry behind it a freeway carries less than around it: no place to count. */
function clearOfRamps(freeway: Freeway, cell: number): number {
  for (const [i, off] of freeway.offRamps.entries()) {
    const entry = freeway.onRamps[i]!.cell;
    if (cell >= off.cell && cell <= entry) {
      return cell - off.cell < entry - cell && off.cell > 0 ? off.cell - 1 : entry + 1;
    }
  }
  return cell;
}
function linkOf(freeway: Freeway, km: number): string {
  const before = freeway.onRamps.filter((r) => r.cell * CELL_KM <= km).length;
  return `${freeway.freewayId}-${before + 1}`;
}
function addFreewayLinks(equipment: Equipment, laid: LaidFreeway, way: 0 | 1, freeway: Freeway): void {
  const bounds = [0, ...freeway.onRamps.map((r) => r.cell * CELL_KM), freeway.lengthKm];
  for (let i = 0; i + 1 < bounds.length; i++) {
    const id = `${freeway.freewayId}-${i + 1}`;
    equipment.links.push(linkEntry(laid, way, freeway, id, bounds[i]!, bounds[i + 1]!));
  }
}
const round = (value: number) => Math.round(value * 100) / 100;
