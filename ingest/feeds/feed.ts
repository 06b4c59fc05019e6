import type { Instant } from '#domain/instant.ts';
import type { Reading } from '#domain/readings/reading-kind.ts';

/** What somebody else's system sent, as it came. */
export interface ForeignMessage {
  receivedAt: Instant;
  /** Nobody noted when it came: `receivedAt` is when it says that it was made, so how old it was can not be told. */
  isReceiptUnknown?: true;
  /** Of a message broker, or the file or address it came from. */
  source: string;
  body: Uint8Array;
}

/** A reading that a feed made; strictly a guess until admission has judged it. */
export type FedReading = { kind: Reading['kind']; observedAt: string } & Record<string, unknown>;

/** Something of a message that became no reading: named, counted, and logged as it came. */
export interface Unusable {
  reason: string;
  /** A sentence's worth of particulars for who mends it. */
  detail: string;
  asItCame: string | Uint8Array;
}

/** What a feed made of one message: heard = used + unusable. */
export interface Decoded {
  /** Messages, entities, journeys, measurements: what this format sends one by one. */
  heard: number;
  readings: SentReading[];
  unusable: Unusable[];
  /** What was left out of readings, or put right where only one reading of it is possible. */
  mended: Map<string, number>;
  /** When the producer says it made this. */
  headerAt?: Instant;
}

export interface SentReading {
  /** The sensor it is of, where the feed carries many; absent for what the feed itself reports (its vehicles). */
  sensorId?: string;
  reading: FedReading;
}

export interface FeedSettings {
  /** IANA zone of times that are printed without an offset. */
  timezone: string;
}

/** A foreign format, and its decoder: firmware that we wrote. One file (or folder), and one line in `feeds`. */
export interface Feed {
  name: string;
  /** Counts changes of what it makes of a message; every reading bears it. */
  version: number;
  /** One line for help. */
  describe: string;
  /** Its readings are of sensors, each a device of its own; otherwise they are the feed's own (its vehicles). */
  carriesSensors?: true;
  /** How often it says what it heard: with each message, or every minute of a stream of small ones. */
  reports: 'each-message' | 'each-minute';
  /** Made once for a source: what it must remember between messages is in it. Never throws for what it is sent. */
  decoder(settings: FeedSettings): (message: ForeignMessage) => Decoded;
  /** Messages of a recording, in the order they were received. @throws RecordingFault */
  recorded(path: string, settings: FeedSettings): AsyncIterable<ForeignMessage>;
}

export function nothingDecoded(): Decoded {
  return { heard: 0, readings: [], unusable: [], mended: new Map() };
}

export function mend(decoded: Decoded, reason: string): void {
  decoded.mended.set(reason, (decoded.mended.get(reason) ?? 0) + 1);
}

/** One thing heard that became nothing. */
export function lose(decoded: Decoded, reason: string, detail: string, asItCame: string | Uint8Array): void {
  decoded.heard++;
  decoded.unusable.push({ reason, detail, asItCame });
}
