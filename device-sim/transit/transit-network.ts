import type { Line } from './line.ts';

/** What is to run: lines, stops and the trips of each service date, of a simulated city or of any GTFS feed. */
export interface TransitNetwork {
  agency: string;
  /** IANA zone that the timetable's times are by. */
  timezone: string;
  routes: readonly TransitRoute[];
  stops: readonly TransitStop[];
  patterns: readonly TransitPattern[];
  /** Trips of a service date; none where there is no service. */
  tripsOn(date: string): readonly TransitTrip[];
  /** The trips that bunch, where these are not all trips of each way of the bunched routes. */
  bunched?: readonly BunchedTrips[];
}

/** Trips that follow one another past a stop, of which some are to catch up with the one before. */
export interface BunchedTrips {
  name: string;
  /** By trip id, ascending: when it is due there, in seconds of the service day. */
  dueS: ReadonlyMap<string, number>;
}

export interface TransitRoute {
  routeId: string;
  shortName: string;
  longName: string;
  /** GTFS route_type: 0 tram, 3 bus. */
  type: number;
  character: Character;
}

/**
 * What is planted on a route. `bunched`: its headways are drawn so that 15 % are bunched and passengers wait 1.8 minutes
 * longer than promised. `punctual`: it leaves within half a minute. `ordinary`: it runs as the traffic lets it.
 */
export type Character = 'bunched' | 'punctual' | 'ordinary';

export interface TransitStop {
  stopId: string;
  name: string;
  lat: number;
  lon: number;
}

/** Every so many stops one is a timepoint. */
export const TIMEPOINT_EVERY = 3;

/** One way of a route: where it goes and calls. */
export interface TransitPattern {
  patternId: string;
  routeId: string;
  directionId: 0 | 1;
  headsign: string;
  line: Line;
  stops: readonly { stopId: string; alongM: number }[];
  /** The city's roads it drives on, one after another; without any it runs at the speeds of its timetable, disturbed. */
  roads: readonly RoadStretch[];
  /** Streets of a simulated city, a stretch for each way from a stop to the next, whose traffic slows who runs by the timetable (lent-roads.ts). */
  lentRoads?: readonly RoadStretch[];
  slowZone?: SlowZone;
}

/** A part of a way, by the road of the simulated city beneath it. */
export interface RoadStretch {
  fromM: number;
  toM: number;
  road: { type: 'street' | 'freeway'; index: number };
  /** Kilometres travelled on that road where the stretch begins. */
  startKm: number;
}

/** Where and when vehicles lose time. */
export interface SlowZone {
  fromM: number;
  toM: number;
  /** What driving through it costs beside driving there without it. */
  costS: number;
  /** Seconds of the service day in which it is there. */
  fromS: number;
  toS: number;
}

export interface TransitTrip {
  tripId: string;
  patternId: string;
  /** Seconds of the service day, a call each. */
  arrivalS: readonly number[];
  departureS: readonly number[];
  /** The timetable promises a headway, no times. */
  byHeadway?: boolean;
}
