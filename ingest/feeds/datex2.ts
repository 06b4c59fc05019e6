import { type CityTime, cityTime } from '#domain/city-time.ts';
import { formatInstant, SECOND_MS } from '#domain/instant.ts';
import { type Decoded, type FedReading, type Feed, lose, mend, nothingDecoded } from './feed.ts';
import {
  childrenOf,
  elementAt,
  numberAt,
  readXmlElements,
  textAt,
  type XmlElement,
} from './xml/xml-elements.ts';
import { xmlRecording } from './xml/xml-recording.ts';
import { durationS, xmlInstant } from './xml/xml-time.ts';

/**
 * DATEX II 2 and 3 measured data: each site's measurements of one index become a `traffic-flow` or a `travel-time`. What
 * an index stands for (lane, period) is said by a site table, which comes in a publication of its own and is remembered.
 */
export const datex2: Feed = {
  name: 'datex2',
  version: 1,
  describe: 'DATEX II measured data and site tables (*.xml, or a folder of them)',
  carriesSensors: true,
  reports: 'each-message',
  decoder: ({ timezone }) => {
    const city = cityTime(timezone);
    const table: SiteTable = new Map();
    return ({ body }) => decodePublication(Buffer.from(body).toString(), city, table);
  },
  recorded: (path, { timezone }) =>
    xmlRecording(path, (text) =>
      xmlInstant(/publicationTime>\s*([^<\s]+)/.exec(text)?.[1], cityTime(timezone)),
    ),
};

interface Characteristics {
  lane?: number;
  periodS?: number;
}

/** By 'site/index'. */
type SiteTable = Map<string, Characteristics>;

const wanted: ReadonlySet<string> = new Set([
  'publicationTime',
  'siteMeasurements',
  'measurementSiteRecord',
  'measurementSite',
]);

function decodePublication(text: string, city: CityTime, table: SiteTable): Decoded {
  const decoded = nothingDecoded();
  const fault = readXmlElements(text, wanted, (element) => {
    if (element.name === 'publicationTime') {
      const at = xmlInstant(element.text, city);
      if (at !== undefined) decoded.headerAt = at;
    } else if (element.name === 'siteMeasurements') takeMeasurements(element, decoded, city, table);
    else {
      decoded.heard++;
      rememberSite(element, table);
    }
  });
  if (fault)
    lose(decoded, fault.nothingRead ? 'no-xml' : 'cut-short', fault.message.slice(0, 200), fault.unread);
  else if (decoded.heard === 0) {
    const type = /payload(?:Publication)?\b[^>]*type="([^"]+)"/.exec(text)?.[1] ?? 'no publication';
    lose(decoded, 'no-measured-data', type, text);
  }
  return decoded;
}

function rememberSite(site: XmlElement, table: SiteTable): void {
  for (const entry of childrenOf(site, 'measurementSpecificCharacteristics')) {
    const inner = elementAt(entry, 'measurementSpecificCharacteristics') ?? entry;
    const lane = /^lane(\d+)$/.exec(textAt(inner, 'specificLane') ?? '')?.[1];
    const periodS = numberAt(inner, 'period');
    table.set(`${site.attributes.id}/${entry.attributes.index}`, {
      ...(lane && { lane: Number(lane) }),
      ...(periodS !== undefined && { periodS }),
    });
  }
}

interface Measured {
  /** Vehicles an hour. */
  flowH?: number;
  speedKmh?: number;
  /** Per cent. */
  occupancyPct?: number;
  travelTimeS?: number;
  /** Vehicles that the values rest on. */
  inputs?: number;
  periodS?: number;
}

function takeMeasurements(site: XmlElement, decoded: Decoded, city: CityTime, table: SiteTable): void {
  const sensorId = elementAt(site, 'measurementSiteReference')?.attributes.id;
  const made = sensorId ? siteReadings(site, sensorId, decoded, city, table) : 'site-of-no-name';
  if (typeof made === 'string' || !sensorId) {
    lose(decoded, String(made), `site ${sensorId ?? '(none)'}`, siteText(site));
    return;
  }
  decoded.heard++;
  for (const reading of made) decoded.readings.push({ sensorId, reading });
}

function siteReadings(
  site: XmlElement,
  sensorId: string,
  decoded: Decoded,
  city: CityTime,
  table: SiteTable,
): FedReading[] | string {
  const time = textAt(site, 'measurementTimeDefault', 'timeValue') ?? textAt(site, 'measurementTimeDefault');
  const endAt = xmlInstant(time, city);
  if (endAt === undefined) return 'no-time';
  const byIndex = Map.groupBy(
    [...childrenOf(site, 'measuredValue'), ...childrenOf(site, 'physicalQuantity')],
    (value) => value.attributes.index ?? '0',
  );
  const isDescribed = [...byIndex.keys()].some((index) => table.has(`${sensorId}/${index}`));
  // Lanes, classes or quantities: only the table knows.
  if (byIndex.size > 1 && !isDescribed) return 'indices-without-site-table';
  // Values of one lane and period are one reading, whatever their indices.
  const measured = new Map<string, { lane: number | undefined; values: Measured }>();
  for (const [index, values] of byIndex) {
    const { lane, periodS } = table.get(`${sensorId}/${index}`) ?? {};
    const key = `${lane ?? ''}/${periodS ?? ''}`;
    const found = measured.get(key) ?? { lane, values: periodS === undefined ? {} : { periodS } };
    measured.set(key, found);
    for (const value of values) readValue(value, found.values, decoded);
  }
  const made = [...measured.values()].map(({ lane, values }) => readingOf(sensorId, lane, values, endAt));
  const fault = made.find((r) => typeof r === 'string');
  const whole = made.filter((r): r is FedReading => typeof r !== 'string');
  if (whole.length === 0) return fault ?? 'nothing-measured';
  if (fault) mend(decoded, fault);
  return whole;
}

/** Values that stand for none, flagged or not. */
const SENTINEL_SPEED_KMH = 252;
const SENTINEL_FLOW_H = 15_300;

function readValue(value: XmlElement, measured: Measured, decoded: Decoded): void {
  const data = findDeep(value, 'basicData') ?? value;
  const flow = findDeep(data, 'vehicleFlow');
  const speed = findDeep(data, 'averageVehicleSpeed');
  const occupancy = findDeep(data, 'occupancy');
  const travelTime = findDeep(data, 'travelTime');
  const period = numberAt(data, 'measurementOrCalculationPeriod');
  if (period !== undefined && period > 0) measured.periodS = period;
  for (const part of [flow, speed, occupancy, travelTime]) {
    const inputs = Number(part?.attributes.numberOfInputValuesUsed);
    if (Number.isInteger(inputs) && inputs > 0) measured.inputs = inputs;
  }
  const good = (part: XmlElement | undefined, name: string): number | undefined => {
    if (!part) return undefined;
    if (textAt(part, 'dataError') === 'true') {
      mend(decoded, 'data-error');
      return undefined;
    }
    const number = numberAt(part, name);
    if (number !== undefined && number < 0) {
      mend(decoded, 'sentinel-below-0');
      return undefined;
    }
    return number;
  };
  const flowH = good(flow, 'vehicleFlowRate');
  if (flowH !== undefined && flowH >= SENTINEL_FLOW_H) mend(decoded, 'sentinel-flow');
  else if (flowH !== undefined) measured.flowH = flowH;
  const speedKmh = good(speed, 'speed');
  if (speedKmh !== undefined && speedKmh >= SENTINEL_SPEED_KMH) mend(decoded, 'sentinel-speed');
  else if (speedKmh !== undefined) measured.speedKmh = speedKmh;
  const percent = good(occupancy, 'percentage');
  if (percent !== undefined) measured.occupancyPct = percent;
  const seconds = travelTime && (good(travelTime, 'duration') ?? durationS(textAt(travelTime, 'duration')));
  if (seconds !== undefined) measured.travelTimeS = seconds;
}

/**
 * The time of a measurement is the end of its period. Without a period told, the vehicles counted and the hourly rate
 * they make tell it, to the second; otherwise nobody knows over what was measured.
 */
function readingOf(
  sensorId: string,
  lane: number | undefined,
  { flowH, speedKmh, occupancyPct, travelTimeS, inputs, periodS: told }: Measured,
  endAt: number,
): FedReading | string {
  if ([flowH, speedKmh, occupancyPct, travelTimeS].every((v) => v === undefined)) return 'nothing-measured';
  const implied = inputs && flowH ? Math.round((inputs / flowH) * 3_600) : undefined;
  const periodS = told ?? implied;
  if (periodS === undefined || periodS < 1 || !Number.isInteger(periodS)) return 'no-period';
  const common = { observedAt: formatInstant(endAt - periodS * SECOND_MS), periodS };
  if (travelTimeS !== undefined && flowH === undefined && speedKmh === undefined) {
    return {
      kind: 'travel-time',
      ...common,
      linkId: sensorId,
      travelTimeS,
      ...(inputs && { samples: inputs }),
    };
  }
  return {
    kind: 'traffic-flow',
    ...common,
    ...(lane !== undefined && { lane }),
    ...(flowH !== undefined && { count: Math.round((flowH * periodS) / 3_600) }),
    ...(speedKmh !== undefined && { speedKmh }),
    ...(occupancyPct !== undefined && { occupancy: occupancyPct / 100 }),
  };
}

function findDeep(element: XmlElement, name: string): XmlElement | undefined {
  for (const child of element.children) {
    const found = child.name === name ? child : findDeep(child, name);
    if (found) return found;
  }
  return undefined;
}

/** As near to how it came as its elements tell. */
function siteText({ name, attributes, children, text }: XmlElement): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${value}"`);
  return `<${name}${written.join('')}>${text}${children.map(siteText).join('')}</${name}>`;
}
