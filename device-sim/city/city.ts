import type { Corridor, Device, Installation, Link, Site } from '#domain/registry/entries.ts';
import type { Calendar } from '../traffic/calendar.ts';
import type { Bottleneck, Freeway } from '../traffic/freeway.ts';
import type { Incident, MovingJam } from '../traffic/incidents.ts';
import type { Street } from '../traffic/street.ts';
import type { CentreLine } from './geometry.ts';

/** A made city: its roads with their traffic, and the sensors that watch them. Everything follows from its seed. */
export interface City {
  seed: number;
  name: string;
  timezone: string;
  calendar: Calendar;
  freeways: readonly Freeway[];
  streets: readonly Street[];
  bottlenecks: readonly Bottleneck[];
  changes: readonly DemandChange[];
  sites: readonly Site[];
  links: readonly Link[];
  corridors: readonly Corridor[];
  /** In the clock domain 'live'. */
  devices: readonly Device[];
  installations: readonly Installation[];
  sensors: readonly Sensor[];
  /** What the readings measure, one a minute each; a sensor's points follow one another. */
  points: readonly Point[];
  incidentsOf(dayNumber: number): readonly Incident[];
  movingJamOf(dayNumber: number): MovingJam | undefined;
}

/** Demand on a road that is another from some day on: what a before-and-after study looks for. */
export interface DemandChange {
  road: string;
  /** All directions without it. */
  direction?: string;
  /** The first moment it holds. */
  from: number;
  /** 0.92 for 8 % less. */
  factor: number;
}

export type SensorType = 'dual-loop' | 'single-loop' | 'radar' | 'camera';

export interface Sensor {
  index: number;
  deviceId: string;
  siteId: string;
  key: string;
  type: SensorType;
  /** A radar that also sends drivers' speeds in bins. */
  speedBins: boolean;
  road: string;
  direction: string;
  /** Along its road, in the direction it watches. */
  km: number;
  firstPoint: number;
  points: number;
  /** When in the minute it sends, so that not all do at once. */
  offsetMs: number;
  /** Near enough to a bottleneck that a fault would hide it. */
  watchesBottleneck: boolean;
  /** The sensor at the same gantry on the other carriageway. */
  opposite?: number;
  /** Sensors of neighbouring gantries on one road share a cabinet. */
  cabinet?: string;
}

/** One stream of readings: a sensor, a lane or all lanes, a direction where the sensor reports several. */
export interface Point {
  index: number;
  sensor: number;
  /** 0: all lanes together. */
  lane: number;
  /** As sent; '' where the sensor has but one. */
  direction: string;
  /** Lanes the reading covers. */
  lanes: number;
  watches: { type: 'freeway'; freeway: number; cell: number } | StreetSpot;
}

export interface StreetSpot {
  type: 'street';
  street: number;
  /** Minutes of driving from the head of the street. */
  lagMinutes: number;
  /** Share of the street's vehicles that come past: some turn off before, some join. */
  share: number;
}

/** A road as it lies there, before sensors. `directions` of increasing and of decreasing kilometres. */
export interface LaidRoad {
  road: string;
  name: string;
  line: CentreLine;
  directions: readonly [string, string];
}
