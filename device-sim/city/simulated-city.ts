import type { Device } from '#domain/registry/entries.ts';
import { seededRandom } from '../random.ts';
import { calendar } from '../traffic/calendar.ts';
import type { Bottleneck } from '../traffic/freeway.ts';
import { type Incident, incidentsOf, type MovingJam, movingJamOf } from '../traffic/incidents.ts';
import type { City, DemandChange } from './city.ts';
import { emptyEquipment } from './equipment.ts';
import { layFreeways } from './freeways.ts';
import { equipFreeway } from './gantries.ts';
import { placeNames } from './names.ts';
import { equipStreet } from './street-places.ts';
import { layStreets } from './streets.ts';

export interface CityOptions {
  seed: number;
  /** Readings a minute; a few sensors report several lanes or directions, so there are slightly fewer sensors. */
  sensors?: number;
  /** IANA zone whose clock people live by. */
  timezone?: string;
  /** Local dates, `2026-12-25`; without them, those of England and Wales by their rules. */
  holidays?: readonly string[];
  /** On 100 km of freeway direction and a day. */
  incidentsPer100KmDay?: number;
  changes?: readonly DemandChange[];
}

const FREEWAY_SHARE = 0.6;
const RURAL_SHARE = 0.1;
const GANTRIES_A_FREEWAY = 28;

/** A fictional city on empty moorland. The same options make the same city, to the byte. */
export function simulatedCity(options: CityOptions): City {
  const { seed, sensors = 300, timezone = 'Europe/London' } = options;
  if (!(sensors >= 20)) throw new RangeError(`a city needs 20 sensors or more, not ${sensors}`);
  const cityCalendar = calendar(timezone, options.holidays);
  const random = seededRandom(seed, 'city');
  const nextName = placeNames(seededRandom(seed, 'names'));
  const plan = share(sensors);
  const { laid, freeways } = layFreeways(random, plan.freeways, nextName);
  const { laid: laidStreets, streets } = layStreets(random, plan, nextName);

  const equipment = emptyEquipment();
  const km = laid.reduce((sum, road) => sum + road.line.lengthKm, 0);
  let gantries = plan.gantries;
  let laneWise = plan.laneWise;
  laid.forEach((road, i) => {
    const left = laid.length - i;
    const own = left === 1 ? gantries : Math.round((plan.gantries * road.line.lengthKm) / km);
    const byLane = Math.ceil(laneWise / left);
    equipFreeway(equipment, seed, road, freeways, own, byLane);
    gantries -= own;
    laneWise -= byLane;
  });
  const rural = laidStreets.filter((s) => s.type === 'rural');
  const arterials = laidStreets.filter((s) => s.type === 'arterial');
  spread(plan.ruralSlots / 2, rural.length).forEach((places, i) => {
    equipStreet(equipment, seed, rural[i]!, streets, 2 * places);
  });
  spread(sensors - equipment.points.length, arterials.length).forEach((slots, i) => {
    equipStreet(equipment, seed, arterials[i]!, streets, slots);
  });

  const days = new Map<number, { incidents: readonly Incident[]; jam: MovingJam | undefined }>();
  const eventsOf = (dayNumber: number) => {
    let events = days.get(dayNumber);
    if (!events) {
      const rate = options.incidentsPer100KmDay ?? 0.2;
      events = {
        incidents: incidentsOf(seed, cityCalendar, dayNumber, freeways, rate),
        jam: movingJamOf(seed, cityCalendar, dayNumber, freeways),
      };
      days.set(dayNumber, events);
    }
    return events;
  };

  return {
    ...equipment,
    seed,
    name: 'Larkmere',
    timezone,
    calendar: cityCalendar,
    freeways,
    streets,
    bottlenecks: freeways.flatMap((f): Bottleneck[] => (f.bottleneck ? [f.bottleneck] : [])),
    changes: options.changes ?? [],
    devices: equipment.sensors.map(
      (s): Device => ({ deviceId: s.deviceId, domain: 'live', role: 'sensor', key: s.key }),
    ),
    incidentsOf: (dayNumber) => eventsOf(dayNumber).incidents,
    movingJamOf: (dayNumber) => eventsOf(dayNumber).jam,
  };
}

function share(sensors: number) {
  const freewaySlots = Math.round(FREEWAY_SHARE * sensors);
  const laneWise = Math.max(1, Math.round(0.02 * sensors));
  const gantries = Math.floor((freewaySlots - 2 * laneWise) / 2);
  const ruralSlots = 2 * Math.max(1, Math.round((RURAL_SHARE * sensors) / 2));
  return {
    laneWise,
    gantries,
    freeways: Math.max(2, Math.round(gantries / GANTRIES_A_FREEWAY)),
    ruralSlots,
    rural: Math.max(1, Math.round(ruralSlots / 6)),
    arterials: Math.max(1, Math.round((sensors - freewaySlots - ruralSlots) / 18)),
  };
}

/** `total` in `parts` whole numbers that differ by one at most. */
function spread(total: number, parts: number): number[] {
  return Array.from(
    { length: parts },
    (_, i) => Math.floor((total * (i + 1)) / parts) - Math.floor((total * i) / parts),
  );
}
