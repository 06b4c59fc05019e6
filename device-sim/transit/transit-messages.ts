import type { Instant } from '#domain/instant.ts';
import { nativeReadings } from './native-readings.ts';
import { type ReportsOptions, vehicleReports } from './vehicle-reports.ts';

/** What the control centre of the vehicles sends in one go: a JSON array of readings. */
export interface TransitMessage {
  deviceId: string;
  receivedAt: Instant;
  payload: Uint8Array;
  readings: number;
}

/** Native readings of all vehicles, as one device sends them: what comes within some seconds goes together. */
export function* transitMessages(
  deviceId: string,
  options: ReportsOptions & { togetherMs: number },
): Generator<TransitMessage, void, undefined> {
  const { togetherMs } = options;
  let texts: string[] = [];
  let slot = Number.NaN;
  let receivedAt = 0;
  const message = (): TransitMessage => ({
    deviceId,
    receivedAt,
    payload: Buffer.from(`[${texts.join(',')}]`),
    readings: texts.length,
  });
  for (const report of vehicleReports(options)) {
    const own = Math.floor(report.receivedAt / togetherMs);
    if (texts.length > 0 && (own !== slot || texts.length >= MOST_READINGS)) {
      yield message();
      texts = [];
    }
    slot = own;
    receivedAt = Math.max(receivedAt, report.receivedAt);
    for (const reading of nativeReadings(report)) texts.push(JSON.stringify(reading));
  }
  if (texts.length > 0) yield message();
}

/** Of some 250 bytes each, below the door's 256 KiB. */
const MOST_READINGS = 500;
