import { feedRecording } from '../feeds/feed-recording.ts';
import { feeds } from '../feeds/feeds.ts';
import { atspm } from './atspm.ts';
import { csv } from './csv.ts';
import { metrLa } from './metr-la.ts';
import { ndjson } from './ndjson.ts';
import type { RecordingFormat } from './recording.ts';
import { scats } from './scats.ts';

/** Every format `headway replay` knows. A new one is one file and one line. */
export const recordingFormats: Readonly<Record<string, RecordingFormat>> = {
  'metr-la': metrLa,
  scats,
  atspm,
  csv,
  ndjson,
  ...Object.fromEntries(Object.entries(feeds).map(([name, feed]) => [name, feedRecording(feed)])),
};
