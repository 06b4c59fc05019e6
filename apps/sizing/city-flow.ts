import { type MeasuredCosts, sensorCosts, vehicleCosts, WINDOWS_PER_DEVICE_HOUR } from './measured-costs.ts';
import { sum } from './need.ts';

export interface CityLoad {
  sensors: number;
  /** Between two readings of a sensor (one lane). */
  periodS: number;
  vehicles: number;
  vehiclePeriodS: number;
  /** Readings in a message. */
  batch: number;
}

export const DAY_S = 86_400;

/** Sensors, or vehicles. */
export interface Part {
  devices: number;
  readingsPerS: number;
  messagesPerS: number;
  messageBytes: number;
  costs: MeasuredCosts;
  membersPerWindow: number;
}

/** What comes of a city, a second. */
export interface Flow {
  parts: Part[];
  readingsPerS: number;
  messagesPerS: number;
  windowsPerS: number;
}

export function flowOf({ sensors, periodS, vehicles, vehiclePeriodS, batch }: CityLoad): Flow {
  const part = (devices: number, everyS: number, costs: MeasuredCosts): Part => ({
    devices,
    readingsPerS: devices / everyS,
    messagesPerS: devices / everyS / batch,
    messageBytes: costs.wireBytes * batch,
    costs,
    membersPerWindow: Math.max(1, 300 / everyS),
  });
  const parts = [part(sensors, periodS, sensorCosts), part(vehicles, vehiclePeriodS, vehicleCosts)];
  return {
    parts,
    readingsPerS: sum(parts, (p) => p.readingsPerS),
    messagesPerS: sum(parts, (p) => p.messagesPerS),
    windowsPerS: sum(parts, (p) => (p.devices * WINDOWS_PER_DEVICE_HOUR) / 3_600),
  };
}
