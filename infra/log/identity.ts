import type { ClockDomain } from '#domain/log.ts';

/** A device and its clock domain stand in a record as two strings, each u16 length and UTF-8. */
export const IDENTITY_MIN_BYTES = 4;
const MAX_STRING_BYTES = 0xffff;

/** What an identity may need at most, found without encoding it; Infinity where it is too long to be written. */
export function mostIdentityBytes(deviceId: string, domain: ClockDomain): number {
  const deviceBytes = 3 * deviceId.length;
  const domainBytes = 3 * domain.length;
  if (deviceBytes > MAX_STRING_BYTES || domainBytes > MAX_STRING_BYTES) return Number.POSITIVE_INFINITY;
  return IDENTITY_MIN_BYTES + deviceBytes + domainBytes;
}

/** Writes both strings at `at`; says where they end. */
export function encodeIdentity(
  buffer: Buffer,
  view: DataView,
  at: number,
  deviceId: string,
  domain: ClockDomain,
): number {
  return encodeString(buffer, view, encodeString(buffer, view, at, deviceId), domain);
}

/** Short ASCII by hand: cheaper than looking up or calling an encoder. */
function encodeString(buffer: Buffer, view: DataView, at: number, text: string): number {
  const start = at + 2;
  let bytes = 0;
  for (; bytes < text.length; bytes++) {
    const unit = text.charCodeAt(bytes);
    if (unit > 0x7f) {
      bytes = buffer.write(text, start, 'utf8');
      break;
    }
    buffer[start + bytes] = unit;
  }
  view.setUint16(at, bytes, true);
  return start + bytes;
}

/** Decodes the identity that starts at a place; says where its bytes end. */
export interface IdentityReader {
  read(buffer: Buffer, view: DataView, at: number): number;
  readonly deviceId: string;
  readonly domain: ClockDomain;
}

const SLOTS = 32_768;
const SLOT_BYTES = 64;
const LONGEST_KEPT = SLOT_BYTES - 4;

/**
 * Remembers identities by their bytes, in one flat table (a slot is a u32 length and the bytes: one cache line, not
 * four): records of one device mostly share one pair of strings. Compares by words, the last two of which overlap.
 */
export function identityReader(): IdentityReader {
  const table = new Uint8Array(SLOTS * SLOT_BYTES);
  const tableView = new DataView(table.buffer);
  const deviceIds: string[] = new Array(SLOTS).fill('');
  const domains: string[] = new Array(SLOTS).fill('');
  const reader = { read, deviceId: '', domain: '' };

  function read(buffer: Buffer, view: DataView, at: number): number {
    const domainAt = at + 2 + view.getUint16(at, true);
    const end = domainAt + 2 + view.getUint16(domainAt, true);
    const bytes = end - at;
    if (bytes > LONGEST_KEPT) {
      reader.deviceId = buffer.toString('utf8', at + 2, domainAt);
      reader.domain = buffer.toString('utf8', domainAt + 2, end);
      return end;
    }
    let slot = slotOf(view, at, end);
    if (!holds(slot, view, at, end)) {
      slot ^= 1;
      if (!holds(slot, view, at, end)) {
        deviceIds[slot] = buffer.toString('utf8', at + 2, domainAt);
        domains[slot] = buffer.toString('utf8', domainAt + 2, end);
        tableView.setUint32(slot * SLOT_BYTES, bytes, true);
        table.set(buffer.subarray(at, end), slot * SLOT_BYTES + 4);
      }
    }
    reader.deviceId = deviceIds[slot]!;
    reader.domain = domains[slot]!;
    return end;
  }

  function slotOf(view: DataView, at: number, end: number): number {
    let hash = 0;
    for (let i = at; i < end - 4; i += 4) hash = mix(hash ^ view.getInt32(i, true));
    return mix(hash ^ view.getInt32(end - 4, true)) & (SLOTS - 1);
  }

  function holds(slot: number, view: DataView, at: number, end: number): boolean {
    const line = slot * SLOT_BYTES;
    if (tableView.getUint32(line, true) !== end - at) return false;
    const shift = line + 4 - at;
    for (let i = at; i < end - 4; i += 4)
      if (tableView.getInt32(i + shift, true) !== view.getInt32(i, true)) return false;
    return tableView.getInt32(end - 4 + shift, true) === view.getInt32(end - 4, true);
  }
  return reader;
}

function mix(hash: number): number {
  const spread = Math.imul(hash, 0x9e3779b1);
  return spread ^ (spread >>> 15);
}
