import { metrLa } from './metr-la.ts';
import type { RecordingFormat } from './recording.ts';

/** Every format `headway replay` knows. A new one is one file and one line. */
export const recordingFormats: Readonly<Record<string, RecordingFormat>> = {
  'metr-la': metrLa,
};
