import type { Corridor, Installation, Link, Site } from '#domain/registry/entries.ts';
import { type Random, seededRandom } from '../random.ts';
import { CELL_KM } from '../traffic/cell-transmission.ts';
import type { Freeway } from '../traffic/freeway.ts';
import type { Street } from '../traffic/street.ts';
import type { LaidRoad, Point, Sensor, SensorType } from './city.ts';
import type { LaidFreeway } from './freeways.ts';
import { lineBetween, position, spotAt } from './geometry.ts';
import type { LaidStreet } from './streets.ts';

/** Everything of a city that the registry is told, growing as roads are equipped. */
export interface Equipment {
  sites: Site[];
  links: Link[];
  corridors: Corridor[];
  installations: Installation[];
  sensors: Sensor[];
  points: Point[];
}

const FREEWAY_LIMIT_KMH = 110;
const CARRIAGEWAY_LEFT_M = 12;
const STREET_LEFT_M = 4;
/** A queue's head is seen by the sensors around it: none of these is blind, nor given a fault. */
const WATCHES_BOTTLENECK_KM = 3;
const GANTRIES_OF_A_CABINET = 4;

export function emptyEquipment(): Equipment {
  return { sites: [], links: [], corridors: [], installations: [], sensors: [], points: [] };
}

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
      if (sites.at(-1)?.siteId === siteId) continue;
      const link = linkOf(freeway, km);
      equipment.sites.push({
        siteId,
        name: `${freeway.road} ${freeway.direction} km ${km.toFixed(1)}`,
        position: position(spotOn(laid, way, km, CARRIAGEWAY_LEFT_M)),
        road: freeway.road,
        direction: freeway.direction,
        linkId: link,
        lanes: freeway.lanes,
        speedLimitKmh: FREEWAY_LIMIT_KMH,
      });
      sites.push({ siteId, km });
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
      if (way === 0) cabinetAt[gantry] = sensor.index;
      else pair(equipment, sensor, cabinetAt[gantry]);
    }
    addCorridor(equipment, freeway.freewayId, freeway, sites);
    addFreewayLinks(equipment, laid, way, freeway);
  }
}

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
        position: position(spotOn(laid, way as 0 | 1, travelled, both ? 0 : STREET_LEFT_M)),
        road: laid.road,
        ...(!both && { direction: street.direction, linkId: ids[way]! }),
        lanes: both ? 2 * street.lanes : street.lanes,
        speedLimitKmh: laid.type === 'arterial' ? 50 : 80,
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
    if (sites.length >= 2) addCorridor(equipment, street.streetId, street, sites);
  }
}

function freewaySensor(random: Random, nearBottleneck: boolean): SensorType {
  const chance = random.next();
  if (chance < 0.2 && !nearBottleneck) return 'single-loop';
  return chance < 0.72 ? 'dual-loop' : 'radar';
}

function streetSensor(random: Random): SensorType {
  const chance = random.next();
  return chance < 0.5 ? 'camera' : chance < 0.75 ? 'radar' : 'single-loop';
}

interface SensorPlan {
  siteId: string;
  type: SensorType;
  road: string;
  direction: string;
  km: number;
  watchesBottleneck: boolean;
  cabinet?: string;
  lanes: number;
  byLane: readonly number[];
  watches: readonly Pick<Point, 'direction' | 'watches'>[];
}

function addSensor(equipment: Equipment, random: Random, plan: SensorPlan): Sensor {
  const { byLane, lanes, watches, ...described } = plan;
  const index = equipment.sensors.length;
  const deviceId = `${plan.type}-${plan.siteId}`;
  const sensor: Sensor = {
    ...described,
    index,
    deviceId,
    key: keyOf(random),
    speedBins: plan.type === 'radar' && random.next() < 0.2,
    firstPoint: equipment.points.length,
    points: Math.max(1, byLane.length) * watches.length,
    offsetMs: 1_000 + random.int(54_000),
  };
  equipment.sensors.push(sensor);
  for (const lane of byLane.length > 0 ? byLane : [0]) {
    for (const w of watches) {
      equipment.points.push({
        ...w,
        index: equipment.points.length,
        sensor: index,
        lane,
        lanes: lane === 0 ? lanes : 1,
      });
    }
  }
  equipment.installations.push({
    deviceId,
    siteId: plan.siteId,
    periodS: 60,
    ...(byLane.length > 0 && { lanes: [...byLane] }),
    ...(watches.length > 1 && { directions: watches.map((w) => w.direction) }),
  });
  return sensor;
}

/** 32 bytes, base64, as IoT Hub makes them. */
function keyOf(random: Random): string {
  return btoa(String.fromCharCode(...Array.from({ length: 32 }, () => random.int(256))));
}

function pair(equipment: Equipment, sensor: Sensor, oppositeIndex: number | undefined): void {
  if (oppositeIndex === undefined) return;
  const opposite = equipment.sensors[oppositeIndex]!;
  if (opposite.points !== sensor.points) return;
  sensor.opposite = oppositeIndex;
  opposite.opposite = sensor.index;
}

function streetSpot(street: Street, index: number, km: number): Point['watches'] {
  const lagMinutes = Math.min(60, Math.round((km / street.freeFlowKmh) * 60));
  return { type: 'street', street: index, lagMinutes, share: street.type === 'rural' ? 1 : 1 - 0.012 * km };
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

function linkEntry(
  laid: LaidRoad,
  way: 0 | 1,
  road: Freeway | Street,
  linkId: string,
  fromKm: number,
  toKm: number,
): Link {
  const onLine = (km: number) => (way === 0 ? km : laid.line.lengthKm - km);
  const left = (way === 0 ? 1 : -1) * ('freewayId' in road ? CARRIAGEWAY_LEFT_M : STREET_LEFT_M);
  return {
    linkId,
    name: `${laid.name} ${road.direction}`,
    road: road.road,
    direction: road.direction,
    lengthKm: round(toKm - fromKm),
    lanes: road.lanes,
    speedLimitKmh: 'freewayId' in road ? FREEWAY_LIMIT_KMH : road.type === 'arterial' ? 50 : 80,
    line: lineBetween(laid.line, onLine(fromKm), onLine(toKm), left),
  };
}

function addCorridor(
  equipment: Equipment,
  corridorId: string,
  road: { road: string; direction: string },
  sites: readonly { siteId: string; km: number }[],
): void {
  const start = sites[0]!.km;
  equipment.corridors.push({
    corridorId,
    name: `${road.road} ${road.direction}`,
    road: road.road,
    sites: sites.map((s) => ({ siteId: s.siteId, km: round(s.km - start) })),
  });
}

function spotOn(laid: LaidRoad, way: 0 | 1, travelledKm: number, leftM: number) {
  const km = way === 0 ? travelledKm : laid.line.lengthKm - travelledKm;
  return spotAt(laid.line, km, way === 0 ? leftM : -leftM);
}

const round = (value: number) => Math.round(value * 100) / 100;
