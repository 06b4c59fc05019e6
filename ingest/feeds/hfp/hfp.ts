import { formatInstant, type Instant, parseInstant } from '#domain/instant.ts';
import {
  type Decoded,
  type FedReading,
  type Feed,
  type ForeignMessage,
  lose,
  mend,
  nothingDecoded,
} from '../feed.ts';
import { mqttDump } from '../mqtt-dump.ts';
import { countReadings } from './apc.ts';
import { type HfpTopic, parseHfpTopic } from './hfp-topic.ts';

/**
 * HSL's High-Frequency Positioning v2: one MQTT message a vehicle and second, and one for each event. Every message
 * becomes a `vehicle-position` with its event; those of stops and doors a `stop-event` as well; passenger counts
 * (`apc`, `apc-partial`) become `passenger-count`.
 */
export const hfp: Feed = {
  name: 'hfp',
  version: 1,
  describe:
    'HSL High-Frequency Positioning v2: lines of received time, topic and JSON (*.dump, or a folder of them)',
  reports: 'each-minute',
  decoder: () => decodeMessage,
  recorded: mqttDump,
};

function decodeMessage({ source, body }: ForeignMessage): Decoded {
  const decoded = nothingDecoded();
  const text = Buffer.from(body).toString();
  const asItCame = source === '' ? text : `${source} ${text}`;
  const topic = parseHfpTopic(source);
  if (!topic) {
    lose(decoded, 'no-hfp-topic', source.slice(0, 100) || text.slice(0, 100), asItCame);
    return decoded;
  }
  const content = contentOf(text);
  if (!content) {
    lose(decoded, 'no-hfp-json', text.slice(0, 100), asItCame);
    return decoded;
  }
  const observedAt = timeOf(content);
  if (observedAt === undefined) {
    lose(
      decoded,
      'no-time',
      `tst ${JSON.stringify(content.tst)}, tsi ${JSON.stringify(content.tsi)}`,
      asItCame,
    );
    return decoded;
  }
  const vehicleId = `${topic.operatorId}/${topic.vehicleNumber}`;
  const readings = topic.event.startsWith('apc')
    ? countReadings(content, vehicleId, formatInstant(observedAt))
    : vehicleReadings(content, topic, vehicleId, observedAt, decoded);
  if (readings.length === 0) {
    lose(decoded, 'nothing-counted', source, asItCame);
    return decoded;
  }
  decoded.heard = 1;
  decoded.readings = readings.map((reading) => ({ reading }));
  return decoded;
}

type Content = Record<string, unknown>;

/** The one object within the message, under the name of its event. */
function contentOf(text: string): Content | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const inner = typeof value === 'object' && value !== null ? Object.values(value)[0] : undefined;
    return typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? (inner as Content)
      : undefined;
  } catch {
    return undefined;
  }
}

/** `tst` has milliseconds, `tsi` whole seconds. */
function timeOf({ tst, tsi }: Content): Instant | undefined {
  const precise = typeof tst === 'string' ? parseInstant(tst) : undefined;
  return precise ?? (typeof tsi === 'number' && tsi > 0 && tsi < 1e11 ? Math.round(tsi * 1_000) : undefined);
}

const stopEvents: Readonly<Record<string, string>> = {
  ars: 'arrival',
  dep: 'departure',
  pas: 'passing',
  doo: 'doors-opened',
  doc: 'doors-closed',
};
/** Until it departs, a vehicle's next stop in the topic is the one it stands at. */
const atNextStop: readonly string[] = ['ars', 'doo', 'doc'];

function vehicleReadings(
  c: Content,
  topic: HfpTopic,
  vehicleId: string,
  observedAt: Instant,
  decoded: Decoded,
): FedReading[] {
  const trip = tripOf(c, topic);
  const delayS = typeof c.dl === 'number' ? { delayS: c.dl === 0 ? 0 : -c.dl } : {};
  const stopId = idOf(c.stop);
  const at = formatInstant(observedAt);
  const position: FedReading = {
    kind: 'vehicle-position',
    observedAt: at,
    vehicleId,
    event: topic.event,
    ...positionOf(c, decoded),
    ...motionOf(c, decoded),
    ...trip,
    ...delayS,
    ...(stopId !== undefined && { stopId }),
    journey: topic.temporalType === 'upcoming' ? 'upcoming' : (journeys[topic.journeyType] ?? 'service'),
    ...((c.drst === 0 || c.drst === 1) && { doorsOpen: c.drst === 1 }),
    ...(typeof c.loc === 'string' && sources[c.loc] && { positionSource: sources[c.loc] }),
    ...loadOf(c, topic),
  };
  const event = stopEvents[topic.event];
  if (event === undefined) return [position];
  const eventStop = stopId ?? (atNextStop.includes(topic.event) ? topic.nextStop : undefined);
  if (eventStop === undefined) {
    mend(decoded, 'stop-event-without-stop');
    return [position];
  }
  const scheduledAt = event === 'arrival' ? c.ttarr : event.startsWith('doors') ? undefined : c.ttdep;
  return [
    position,
    {
      kind: 'stop-event',
      observedAt: at,
      vehicleId,
      event,
      stopId: eventStop,
      ...trip,
      ...delayS,
      ...(typeof scheduledAt === 'string' && { scheduledAt }),
    },
  ];
}

const journeys: Readonly<Record<string, string>> = {
  journey: 'service',
  deadrun: 'deadrun',
  signoff: 'signoff',
};
const sources: Readonly<Record<string, string>> = {
  GPS: 'gps',
  ODO: 'odometer',
  MAN: 'manual',
  DR: 'dead-reckoning',
  'N/A': 'none',
};

/** A position is sent as it is, 0, 0 too: admission names it. Half a position is none. */
function positionOf({ lat, long }: Content, decoded: Decoded): { lat?: number; lon?: number } {
  if (typeof lat === 'number' && typeof long === 'number') return { lat, lon: long };
  mend(decoded, 'no-position');
  return {};
}

/** `acc` is acceleration, not accuracy; `odo` begins anew with each trip. */
function motionOf({ spd, hdg, odo }: Content, decoded: Decoded): Record<string, number> {
  const motion: Record<string, number> = {};
  if (typeof spd === 'number') {
    if (spd >= 0) motion.speedKmh = Math.round(spd * 3_600) / 1_000;
    else mend(decoded, 'negative-speed');
  }
  if (typeof hdg === 'number') {
    if (hdg >= 0 && hdg <= 360) motion.headingDeg = hdg;
    else mend(decoded, 'no-heading');
  }
  if (typeof odo === 'number') {
    if (odo >= 0) motion.odometerM = odo;
    else mend(decoded, 'negative-odometer');
  }
  return motion;
}

/** Directions 1 and 2 are GTFS's 0 and 1. A deadrun serves no trip. */
function tripOf({ route, dir, oday, start }: Content, { journeyType }: HfpTopic): Record<string, unknown> {
  if (journeyType !== 'journey') return {};
  const startTime = serviceTimeOf(start);
  return {
    ...(typeof route === 'string' && route !== '' && { routeId: route }),
    ...((dir === '1' || dir === '2') && { directionId: Number(dir) - 1 }),
    ...(typeof oday === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(oday) && { serviceDate: oday }),
    ...(startTime !== undefined && { startTime }),
  };
}

/** The service day ends at 04:30: what starts before it belongs to the evening of the day before. */
const DAY_ENDS_AT = '04:30';

/** `start` is by the 24-hour clock, the time of a service day goes on past 24:00. */
function serviceTimeOf(start: unknown): string | undefined {
  const m = typeof start === 'string' ? /^([01]\d|2[0-3]):([0-5]\d)$/.exec(start) : null;
  if (!m) return undefined;
  return m[0] < DAY_ENDS_AT ? `${Number(m[1]) + 24}:${m[2]}:00` : `${m[0]}:00`;
}

/** Ferries measure; of other vehicles 0 says nothing and 100 that it is full. */
function loadOf({ occu }: Content, { mode }: HfpTopic): Record<string, unknown> {
  if (typeof occu !== 'number' || occu < 0) return {};
  if (mode === 'ferry') return { loadShare: occu / 100 };
  return occu === 100 ? { occupancyStatus: 'full' } : {};
}

/** A string in the documents, a number in practice. */
function idOf(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
