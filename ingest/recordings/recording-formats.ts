import { atspm } from './atspm.ts';
import { metrLa } from './metr-la.ts';
import type { RecordingFormat } from './recording.ts';
import { scats } from './scats.ts';

/** Every format `headway replay` knows. A new one is one file and one line. */
export const recordingFormats = {
  'metr-la': metrLa,
  scats,
  atspm,
} as const satisfies Record<string, RecordingFormat>;
