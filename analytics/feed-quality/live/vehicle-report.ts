import type { Instant } from '#domain/instant.ts';
import type { Shape } from '../../transit/shape.ts';

/** The way of the trip that a vehicle says it is on. */
export interface ReportWay {
  /** Names the trip and its service date. */
  key: string;
  tripId: string;
  shape: Shape;
}

/** An admitted position, as far as its rules ask. */
export interface VehicleReport {
  at: Instant;
  receivedAt: Instant;
  /** Tells the reports of one moment apart. */
  event: string;
  lat: number | undefined;
  lon: number | undefined;
  speedKmh: number | undefined;
  odometerM: number | undefined;
  tripId: string | undefined;
  stopId: string | undefined;
  stopSequence: number | undefined;
  way: ReportWay | undefined;
}
