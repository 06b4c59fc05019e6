// Estimates. The service publishes no formula; these fit its documented examples: 1 RU to read 1 KB and 10 RU to read
// 100 KB by id, 6 RU to write 1 KB without an index and 19 RU with each of some 22 properties indexed.
const WRITE_PER_KB = 5.5;
const WRITE_PER_INDEXED_PATH = 0.6;
const READ_FIRST_KB = 1;
const READ_MORE_PER_KB = 0.09;
const QUERY_BASE = 2.3;
const QUERY_PER_KB = 0.35;
const BYTES_PER_KB = 1024;

export function writeCharge(bytes: number, indexedPaths: number): number {
  const kb = Math.max(1, bytes / BYTES_PER_KB);
  return rounded(WRITE_PER_KB * kb + WRITE_PER_INDEXED_PATH * indexedPaths);
}

export function readCharge(bytes: number): number {
  return rounded(READ_FIRST_KB + READ_MORE_PER_KB * Math.max(0, bytes / BYTES_PER_KB - 1));
}

export function queryCharge(bytes: number): number {
  return rounded(QUERY_BASE + (QUERY_PER_KB * bytes) / BYTES_PER_KB);
}

/** Of what found nothing, or changed nothing. */
export const EMPTY_CHARGE = 1;

function rounded(requestUnits: number): number {
  return Math.round(requestUnits * 100) / 100;
}
