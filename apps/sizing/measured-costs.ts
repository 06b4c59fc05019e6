/**
 * What one reading and one window cost, measured with a city of 100 sensors (a lane each, every 30 s) and one of 10
 * vehicles (every second); tests/system/sizing measures them again and fails where they are off by more than a tenth.
 */
export interface MeasuredCosts {
  /** JSON as sent. */
  wireBytes: number;
  archiveBytes: number;
  lakeBytes: number;
  lakeBytesPerWindow: number;
  /** A window's document in Cosmos DB without members, and what each member adds; long ones are packed. */
  documentBytes: number;
  documentBytesPerMember: number;
}

export const sensorCosts: MeasuredCosts = {
  wireBytes: 133,
  archiveBytes: 10,
  lakeBytes: 8.2,
  lakeBytesPerWindow: 23,
  documentBytes: 328,
  documentBytesPerMember: 40,
};

export const vehicleCosts: MeasuredCosts = {
  wireBytes: 287,
  archiveBytes: 22,
  lakeBytes: 12.3,
  lakeBytesPerWindow: 45,
  documentBytes: 328,
  documentBytesPerMember: 35,
};

/** The log's frame around a message: place, device, time, checksum. */
export const LOG_BYTES_PER_MESSAGE = 49;
/** The same in the archive, compressed. */
export const ARCHIVE_BYTES_PER_MESSAGE = 20;
export const WINDOWS_PER_DEVICE_HOUR = 12;
/** Each hour received meets its own hour and the one before. */
export const LEDGER_ROWS_PER_DEVICE_HOUR = 2;
/** One byte of outcome and one of count, at one reading a message. */
export const OUTCOME_BYTES_PER_MESSAGE = 1;
export const OUTCOME_BYTES_PER_READING = 1;
