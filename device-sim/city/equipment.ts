import type { Corridor, Installation, Link, Site } from '#domain/registry/entries.ts';
import type { Random } from '../random.ts';
import type { Point, Sensor, SensorType } from './city.ts';

/** Everything of a city that the registry is told, growing as roads are equipped. */
export interface Equipment {
  sites: Site[];
  links: Link[];
  corridors: Corridor[];
  installations: Installation[];
  sensors: Sensor[];
  points: Point[];
}
export function emptyEquipment(): Equipment {
  return { sites: [], links: [], corridors: [], installations: [], sensors: [], points: [] };
}
/** A sensor before it has a number, a key and points. */
export interface SensorPlan {
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

/** Puts up a sensor with its points and tells the registry what to expect of it. */
export function addSensor(equipment: Equipment, random: Random, plan: SensorPlan): Sensor {
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
