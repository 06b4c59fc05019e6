import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS } from '#domain/instant.ts';
import type { City } from '../city/city.ts';
import { bell, nameHash, noise } from '../random.ts';
import { truckShare } from './demand.ts';
import { freewayTraffic } from './freeway.ts';
import { type CityMinute, emptyMinute, passFreeway, passStreet, pointCounters } from './passing.ts';
import { streetTraffic } from './street.ts';

/** How long before 04:00 the model starts empty: long enough to forget that it did. */
const WARM_UP_MS = 3 * HOUR_MS;
/** How much a freeway direction's demand differs from day to day, beside the calendar (standard deviation). */
const DAY_SPREAD = 0.003;

/**
 * The true traffic of [from, to), minute by minute. A minute is the same whatever `from` it was reached from: the
 * model warms up from the night before, chance depends on the minute alone, and counters start afresh at 04:00
 * (so between two points of a road up to one vehicle a day may stay unaccounted).
 */
export function* cityTraffic(
  city: City,
  { from, to }: { from: Instant; to: Instant },
): Generator<CityMinute, void, undefined> {
  const { seed, calendar, points } = city;
  const factorAt = (road: string, direction: string, at: Instant): number => {
    let factor = 1;
    for (const c of city.changes) {
      const here = c.road === road && (c.direction === undefined || c.direction === direction);
      if (here && at >= c.from) factor *= c.factor;
    }
    return factor;
  };
  const freeways = city.freeways.map((freeway) => freewayTraffic(freeway, seed));
  const dayStreams = city.freeways.map((freeway) => nameHash(`${freeway.freewayId}/day`));
  const streets = city.streets.map((street) =>
    streetTraffic(street, seed, calendar, (at) => factorAt(street.road, street.direction, at)),
  );
  const bottleneckFreeways = city.bottlenecks.map((b) =>
    city.freeways.findIndex((f) => f.bottleneck?.bottleneckId === b.bottleneckId),
  );
  const counters = pointCounters(points.length);
  const minute = emptyMinute(
    from,
    calendar.dayOf(from),
    { points: points.length, bottlenecks: city.bottlenecks.length },
    { freewayTraffic: freeways, streetTraffic: streets },
  );

  const startAt = calendar.modelDayStart(from);
  let resetAt = startAt;
  for (let at = startAt - WARM_UP_MS; at < to; at += MINUTE_MS) {
    const day = calendar.dayOf(at);
    const minuteOfDay = calendar.minuteOfDay(at);
    const incidents = city.incidentsOf(day.number);
    const jam = city.movingJamOf(day.number);
    for (let f = 0; f < freeways.length; f++) {
      const freeway = city.freeways[f]!;
      const restrictions = incidents.filter((i) => i.freeway === f && at >= i.from - MINUTE_MS && at < i.to);
      const jammed = jam && jam.freeway === f && at >= jam.from - MINUTE_MS && at < jam.to;
      const luck = 1 + DAY_SPREAD * bell(noise(seed, dayStreams[f]!, day.number));
      const factor = luck * factorAt(freeway.road, freeway.direction, at);
      freeways[f]!.minute(at, day, minuteOfDay, factor, jammed ? [...restrictions, jam] : restrictions);
    }
    if (at < startAt) continue;
    if (at === resetAt) {
      counters.reset();
      resetAt = calendar.modelDayStart(at + DAY_MS + HOUR_MS * 2);
    }
    minute.at = at;
    minute.day = day;
    const shares = {
      freeway: truckShare(day, minuteOfDay, 'freeway'),
      arterial: truckShare(day, minuteOfDay, 'arterial'),
      rural: truckShare(day, minuteOfDay, 'rural'),
    };
    const busShare = minuteOfDay > 330 && minuteOfDay < 1_410 ? 0.02 : 0;
    for (let p = 0; p < points.length; p++) {
      const point = points[p]!;
      const w = point.watches;
      if (w.type === 'freeway') {
        const traffic = freeways[w.freeway]!;
        passFreeway(minute, counters, point, {
          seed,
          flow: traffic.flow(w.cell),
          density: traffic.density(w.cell),
          speedKmh: traffic.speedKmh(w.cell),
          trucks: shares.freeway,
          lanes: city.freeways[w.freeway]!.lanes,
        });
      } else {
        const traffic = streets[w.street]!;
        const street = city.streets[w.street]!;
        const flow = traffic.entering(at / MINUTE_MS - w.lagMinutes) * w.share;
        passStreet(minute, counters, point, {
          seed,
          flow,
          speedKmh: traffic.speedKmh(flow),
          trucks: shares[street.type],
          buses: street.type === 'arterial' ? busShare : 0,
        });
      }
    }
    if (at < from) continue;
    for (let b = 0; b < city.bottlenecks.length; b++) {
      minute.queueKm[b] = freeways[bottleneckFreeways[b]!]!.queueKm(city.bottlenecks[b]!.cell);
    }
    minute.incidents = incidents
      .filter((i) => at >= i.from && at < i.to + HOUR_MS)
      .map((i) => ({ incidentId: i.incidentId, queueKm: freeways[i.freeway]!.queueKm(i.cell) }));
    yield minute;
  }
}
