import { DAY_MS, formatInstant, type Instant } from '#domain/instant.ts';
import type { City } from '../city/city.ts';

/** Sums by sensor and UTC day of the true time: what passed, what was measured, how many readings left. */
export function sensorDays(city: City, from: Instant, to: Instant) {
  const firstDay = Math.floor(from / DAY_MS);
  const days = Math.max(1, Math.ceil(to / DAY_MS) - firstDay);
  const cells = city.sensors.length * days;
  const passed = new Float64Array(cells);
  const measured = new Float64Array(cells);
  const readings = new Int32Array(cells);
  const sending = new Int32Array(cells);

  return {
    measured: (sensor: number, at: Instant, vehicles: number, count: number, sends: boolean): void => {
      const cell = sensor * days + Math.floor(at / DAY_MS) - firstDay;
      passed[cell]! += vehicles;
      measured[cell]! += count;
      readings[cell]!++;
      if (sends) sending[cell]!++;
    },
    write: (line: (body: object) => void): void => {
      for (let cell = 0; cell < cells; cell++) {
        if (readings[cell] === 0) continue;
        line({
          deviceId: city.sensors[Math.floor(cell / days)]!.deviceId,
          day: formatInstant((firstDay + (cell % days)) * DAY_MS).slice(0, 10),
          trueVehicles: passed[cell],
          measuredVehicles: measured[cell],
          made: readings[cell],
          left: sending[cell],
        });
      }
    },
  };
}
