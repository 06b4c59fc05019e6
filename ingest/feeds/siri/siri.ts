import { type CityTime, cityTime } from '#domain/city-time.ts';
import { formatInstant, type Instant } from '#domain/instant.ts';
import { type Decoded, type Feed, lose, mend, nothingDecoded } from '../feed.ts';
import { readXmlElements, type XmlElement } from '../xml/xml-elements.ts';
import { xmlRecording } from '../xml/xml-recording.ts';
import { xmlInstant } from '../xml/xml-time.ts';
import { journeyReading } from './estimated-journey.ts';
import { activityReading } from './vehicle-activity.ts';

/**
 * SIRI 2 deliveries: each VehicleActivity (VM) becomes a `vehicle-position`, each EstimatedVehicleJourney (ET) a
 * `trip-update`. Times without an offset are by the city's clock.
 */
export const siri: Feed = {
  name: 'siri',
  version: 1,
  describe: 'SIRI-VM and SIRI-ET deliveries (*.xml, or a folder of them)',
  reports: 'each-message',
  decoder: ({ timezone }) => {
    const city = cityTime(timezone);
    return ({ body }) => decodeDelivery(Buffer.from(body).toString(), city);
  },
  recorded: (path, { timezone }) =>
    xmlRecording(path, (text) =>
      xmlInstant(/ResponseTimestamp>\s*([^<\s]+)/.exec(text)?.[1], cityTime(timezone)),
    ),
};

/** What an element of a delivery is read with. */
export interface DeliveryContext {
  decoded: Decoded;
  city: CityTime;
  /** What was said last above it: of its frame, else of the delivery. */
  saidAt: Instant | undefined;
}

const wanted: ReadonlySet<string> = new Set([
  'ResponseTimestamp',
  'RecordedAtTime',
  'VehicleActivity',
  'VehicleActivityCancellation',
  'EstimatedVehicleJourney',
  'ErrorCondition',
]);

function decodeDelivery(text: string, city: CityTime): Decoded {
  const decoded = nothingDecoded();
  if (/^\s*<(!doctype\s+html|html)/i.test(text)) {
    lose(decoded, 'html-for-xml', text.slice(0, 80), text);
    return decoded;
  }
  const context: DeliveryContext = { decoded, city, saidAt: undefined };
  const fault = readXmlElements(text, wanted, (element) => takeElement(element, context));
  if (fault) {
    const reason = fault.nothingRead ? 'no-xml' : 'cut-short';
    lose(decoded, reason, fault.message.slice(0, 200), fault.unread);
  } else if (decoded.heard === 0) {
    lose(decoded, 'nothing-of-vm-or-et', text.slice(0, 80), text);
  }
  return decoded;
}

function takeElement(element: XmlElement, context: DeliveryContext): void {
  const { decoded, city } = context;
  switch (element.name) {
    case 'ResponseTimestamp':
    case 'RecordedAtTime':
      context.saidAt = xmlInstant(element.text, city) ?? context.saidAt;
      if (context.saidAt !== undefined) decoded.headerAt ??= context.saidAt;
      return;
    case 'VehicleActivity':
    case 'EstimatedVehicleJourney': {
      const made =
        element.name === 'VehicleActivity'
          ? activityReading(element, context)
          : journeyReading(element, context);
      if (typeof made === 'string') lose(decoded, made, element.name, xmlText(element));
      else {
        decoded.heard++;
        decoded.readings.push({ reading: made });
      }
      return;
    }
    case 'ErrorCondition':
      lose(decoded, 'error-condition', deepText(element).slice(0, 200), xmlText(element));
      return;
    default:
      lose(decoded, 'cancellation-of-activity', deepText(element).slice(0, 200), xmlText(element));
  }
}

/** The element's own time, or what was said last above it. */
export function observedAtOf(text: string | undefined, context: DeliveryContext): string | undefined {
  const own = xmlInstant(text, context.city);
  if (own === undefined && text !== undefined) mend(context.decoded, 'unreadable-time');
  const at = own ?? context.saidAt;
  return at === undefined ? undefined : formatInstant(at);
}

/** As near to how it came as its elements tell. */
function xmlText({ name, children, text }: XmlElement): string {
  return `<${name}>${text}${children.map(xmlText).join('')}</${name}>`;
}

function deepText({ text, children }: XmlElement): string {
  return [text, ...children.map(deepText)].filter(Boolean).join(' ');
}
