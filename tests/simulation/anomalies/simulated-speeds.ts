import type { SpeedWindow } from '#analytics/anomalies/detect-anomalies.ts';
import type { City } from '#device-sim/city/city.ts';
import { emptyMeasurement, measure } from '#device-sim/sensors/measure.ts';
import { cityTraffic } from '#device-sim/traffic/city-traffic.ts';
import type { Instant } from '#domain/instant.ts';

/** Something out of the ordinary that truly slowed traffic. */
export interface Disturbance {
  what: 'incident' | 'moving-jam';
  road: string;
  direction: string;
  /** Where traffic was slow: from upstream to downstream. */
  fromKm: number;
  toKm: number;
  from: Instant;
  to: Instant;
}

const WINDOW_MS = 300_000;
const HALF_HOUR_MS = 1_800_000;

/** Five-minute speeds as the city's freeway sensors measure them, and every disturbance that made a queue. */
export function simulatedSpeeds(
  city: City,
  { from, to }: { from: Instant; to: Instant },
): { windows: Map<string, SpeedWindow[]>; disturbances: Disturbance[] } {
  const sensors = city.sensors.filter(
    (s) =>
      city.points[s.firstPoint]!.watches.type === 'freeway' && (s.type === 'dual-loop' || s.type === 'radar'),
  );
  const windows = new Map<string, SpeedWindow[]>(sensors.map((s) => [s.siteId, []]));
  const sums = sensors.map(() => ({ count: 0, pace: 0 }));
  const queues = new Map<string, { queueKm: number; until: Instant }>();
  const disturbances: Disturbance[] = [];
  const m = emptyMeasurement();
  let day = -1;

  const endDay = (): void => {
    if (day < 0) return;
    for (const incident of city.incidentsOf(day)) {
      const queue = queues.get(incident.incidentId);
      if (!queue) continue;
      const { road, direction, km, from: since } = incident;
      disturbances.push({
        what: 'incident',
        road,
        direction,
        fromKm: km - queue.queueKm,
        toKm: km,
        from: since,
        to: queue.until,
      });
    }
    const jam = city.movingJamOf(day);
    if (jam)
      disturbances.push({
        what: 'moving-jam',
        road: jam.road,
        direction: jam.direction,
        fromKm: jam.toKm,
        toKm: jam.fromKm,
        from: jam.from,
        to: jam.to,
      });
    queues.clear();
  };

  for (const minute of cityTraffic(city, { from, to })) {
    if (minute.day.number !== day) {
      endDay();
      day = minute.day.number;
    }
    for (const { incidentId, queueKm } of minute.incidents) {
      if (queueKm <= 0) continue;
      const known = queues.get(incidentId);
      queues.set(incidentId, { queueKm: Math.max(queueKm, known?.queueKm ?? 0), until: minute.at });
    }
    const ends = (minute.at + 60_000) % WINDOW_MS === 0;
    const startAt = minute.at + 60_000 - WINDOW_MS;
    const wall = city.calendar.dayOf(startAt);
    sensors.forEach((sensor, i) => {
      const sum = sums[i]!;
      for (let p = sensor.firstPoint; p < sensor.firstPoint + sensor.points; p++) {
        measure(sensor, minute, p, city.seed, m);
        if (m.count === 0 || m.speedTenths <= 0) continue;
        sum.count += m.count;
        sum.pace += m.count / (m.speedTenths / 10);
      }
      if (!ends) return;
      if (sum.count > 0) {
        const slot =
          ((wall.weekday + 6) % 7) * 48 +
          Math.floor((city.calendar.minuteOfDay(startAt) * 60_000) / HALF_HOUR_MS);
        windows
          .get(sensor.siteId)!
          .push({ siteId: sensor.siteId, startAt, slot, speedKmh: sum.count / sum.pace });
      }
      sums[i] = { count: 0, pace: 0 };
    });
  }
  endDay();
  return { windows, disturbances };
}
