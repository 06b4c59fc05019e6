import type { Instant } from '#domain/instant.ts';
import type { Corridor, Installation, Link, Site, Zone } from '#domain/registry/entries.ts';
import type { NamedCount } from './caveats.ts';

/** A recording somebody else made, as what its sensors would have sent, and what must be registered first. */
export interface Recording {
  /** Suffix of its clock domain: 'recording:NAME'. */
  name: string;
  /** IANA zone of its wall clocks. */
  timezone: string;
  /** A name for the city, where the operator has none. */
  city: string;
  registry: RecordedRegistry;
  /** What a reader of its figures should know before the first reading is read. */
  notes: string[];
  /** Each device's readings in the order of its time, as far as the recording has one. Can be read again. */
  messages(): AsyncIterable<RecordedMessage>;
  /** What could not become a reading, or only by a choice. Complete once `messages` has ended. */
  caveats(): NamedCount[];
}

/** Registry bodies; clock domain and keys of the devices are the caller's to add. */
export interface RecordedRegistry {
  sites: Site[];
  links: Link[];
  corridors: Corridor[];
  zones: Zone[];
  deviceIds: string[];
  installations: Installation[];
}

/** What one device sent at one moment. */
export interface RecordedMessage {
  deviceId: string;
  /** When a receiver would have had it: the end of the last interval in it. */
  receivedAt: Instant;
  /** A JSON array of native readings; or what a feed could not use, with its message as it came. */
  payload: string;
  /** How many. */
  readings: number;
}

export interface RecordingOptions {
  /** Instead of the name of the file or folder. */
  name?: string;
  /** csv: path of a column map (JSON). */
  map?: string;
  /** csv: the map, or changes to it, as `key=value` (see `csvMapFromOptions`). */
  mapOptions?: readonly string[];
  /** ndjson, csv: IANA zone, where the format does not know it. */
  timezone?: string;
  /** ndjson, csv: the device, where the lines do not name one. */
  device?: string;
}

/** A kind of recording: one file, and one line in `recordingFormats`. */
export interface RecordingFormat {
  name: string;
  /** One line for `headway replay --help`. */
  describe: string;
  /** @throws RecordingFault when the path holds no such recording. */
  open(path: string, options: RecordingOptions): Promise<Recording>;
}

export function emptyRegistry(): RecordedRegistry {
  return { sites: [], links: [], corridors: [], zones: [], deviceIds: [], installations: [] };
}
