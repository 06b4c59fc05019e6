import { formatInstant } from '#domain/instant.ts';
import { nameHash } from '../random.ts';
import type { Report } from './vehicle-reports.ts';

const events = { position: 'vp', arrival: 'ars', departure: 'dep', passing: 'pas' } as const;
const OPERATOR = '0001';

/**
 * A report as a line of a recording of HSL's High-Frequency Positioning: received, topic, JSON. Undefined for a trip called off:
 * HFP tells what vehicles do, and has no word for it. Route, direction, day and start name the trip.
 */
export function hfpLine(report: Report, routeType: number): string | undefined {
  if (report.type === 'canceled') return undefined;
  const { run, at, receivedAt } = report;
  const { pattern, trip, serviceDate, vehicleId } = run;
  const number = vehicleNumber(vehicleId);
  const mode = routeType === 0 ? 'tram' : routeType === 1 ? 'metro' : routeType === 2 ? 'train' : 'bus';
  const tst = formatInstant(at);
  const received = formatInstant(receivedAt);
  if (report.type === 'counts') {
    const { visit, countedLoad } = report;
    const doors = [{ door: '1', count: [{ class: 'adult', in: visit.countedBoarded, out: visit.alighted }] }];
    const content = {
      tst,
      vehiclecounts: { vehicleload: countedLoad, doorcounts: doors, countquality: 'regular' },
    };
    return `${received} /hfp/v2/journey/ongoing/apc/${mode}/${OPERATOR}/${number} ${JSON.stringify({ APC: content })}`;
  }
  const event = events[report.type];
  const dir = String(pattern.directionId + 1);
  const start = clock(trip.departureS[0]!);
  const visit = report.visit;
  const content = {
    dir,
    oper: Number(OPERATOR),
    veh: Number(number),
    tst,
    tsi: Math.floor(at / 1_000),
    ...(report.type === 'position' && {
      spd: Math.round(report.speedKmh / 0.036) / 100,
      hdg: report.headingDeg,
      lat: report.lat,
      long: report.lon,
      odo: report.odometerM,
    }),
    oday: serviceDate,
    start,
    loc: 'GPS',
    stop: report.type === 'position' && !report.atStop ? null : (visit?.stopId ?? null),
    route: pattern.routeId,
  };
  const topic = [OPERATOR, number, pattern.routeId, dir, pattern.headsign.replaceAll('/', ' '), start];
  return `${received} /hfp/v2/journey/ongoing/${event}/${mode}/${topic.join('/')}/${visit?.stopId ?? ''}/0//// ${JSON.stringify({ [event.toUpperCase()]: content })}`;
}

/** Vehicles have numbers there; of so many that two of a large fleet hardly share one. */
function vehicleNumber(vehicleId: string): string {
  return String(nameHash(vehicleId)).padStart(5, '0');
}

/** By the 24-hour clock: 25:10 is 01:10. */
function clock(seconds: number): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${two(Math.floor(seconds / 3_600) % 24)}:${two(Math.floor(seconds / 60) % 60)}`;
}
