import type { Instant } from '#domain/instant.ts';

/** What one reading says of a vehicle on its trip: where it was, what it was doing at a stop, or both. */
export interface Observation {
  at: Instant;
  lat?: number;
  lon?: number;
  speedKmh?: number;
  stopId?: string;
  stopSequence?: number;
  /** Of the stop named, as GTFS-Realtime has it. */
  status?: 'incoming-at' | 'stopped-at' | 'in-transit-to';
  /** A forecast named the stop as the next to come: it was not yet left then. */
  isForecast?: boolean;
  /** The reading is of this event, at the stop named. */
  event?: 'arrival' | 'departure' | 'passing' | 'doors-opened' | 'doors-closed';
  /** Calls of the trip up to then, as the feed has recorded them. In the order of the trip. */
  recorded?: readonly RecordedCall[];
}

/** When a vehicle was at a stop, in its feed's own words. */
export interface RecordedCall {
  stopId: string;
  stopSequence?: number;
  arrivalAt?: Instant;
  departureAt?: Instant;
}

/** A stop as a trip calls at it. */
export interface Call {
  /** From 1 in the order of the trip. */
  position: number;
  stopSequence: number;
  stopId: string;
  /** Metres along the way. */
  alongM: number;
}

/** `recorded`: as the feed has it of a past call. `forecast`: the stop was no longer among those to come. */
export type VisitMethod = 'event' | 'doors' | 'status' | 'position' | 'recorded' | 'forecast';

/** What one source says of a vehicle at one stop. A time is within so many seconds of the true one. */
export interface Sighting {
  call: Call;
  arrivalAt?: Instant;
  arrivalWithinS?: number;
  departureAt?: Instant;
  departureWithinS?: number;
  /** It went by without a halt, as far as can be seen. */
  passed?: boolean;
}
