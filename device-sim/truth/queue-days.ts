import { formatInstant, type Instant, MINUTE_MS } from '#domain/instant.ts';
import type { City } from '../city/city.ts';
import type { CityMinute } from '../traffic/passing.ts';

interface Episode {
  from: Instant;
  to: Instant;
  maxQueueKm: number;
}

/** `CityMinute.queueKm` speaks of the last full five minutes. */
const SEEN_AFTER_MS = 4 * MINUTE_MS;

/** Follows the queues behind bottlenecks and incidents: for each local day when they stood, and how long. */
export function queueDays(city: City, line: (kind: string, body: object) => void) {
  let day = -1;
  let queues: (Episode | undefined)[] = [];
  const incidents = new Map<string, Episode>();

  const grow = (episode: Episode | undefined, at: Instant, queueKm: number): Episode => {
    const known = episode ?? { from: at - SEEN_AFTER_MS, to: at, maxQueueKm: 0 };
    if (queueKm > 0) known.to = at + MINUTE_MS - SEEN_AFTER_MS;
    known.maxQueueKm = Math.max(known.maxQueueKm, queueKm);
    return known;
  };

  const endDay = () => {
    queues.forEach((episode, b) => {
      if (!episode) return;
      const { bottleneckId } = city.bottlenecks[b]!;
      line('queue', { bottleneckId, date: city.calendar.day(day).date, ...printed(episode) });
    });
    for (const incident of day < 0 ? [] : city.incidentsOf(day)) {
      const queue = incidents.get(incident.incidentId);
      if (!queue) continue;
      const { from, to } = incident;
      line('incident', {
        ...incident,
        from: formatInstant(from),
        to: formatInstant(to),
        maxQueueKm: printed(queue).maxQueueKm,
      });
    }
    queues = city.bottlenecks.map(() => undefined);
    incidents.clear();
  };

  return {
    minute: (minute: CityMinute): void => {
      if (minute.day.number !== day) {
        endDay();
        day = minute.day.number;
      }
      for (let b = 0; b < minute.queueKm.length; b++) {
        const queueKm = minute.queueKm[b]!;
        if (queueKm > 0) queues[b] = grow(queues[b], minute.at, queueKm);
      }
      for (const { incidentId, queueKm } of minute.incidents) {
        incidents.set(incidentId, grow(incidents.get(incidentId), minute.at, queueKm));
      }
    },
    close: endDay,
  };
}

function printed(episode: Episode) {
  return {
    from: formatInstant(episode.from),
    to: formatInstant(episode.to),
    maxQueueKm: Math.round(episode.maxQueueKm * 10) / 10,
  };
}
