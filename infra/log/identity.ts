import { type ClockDomain, partitionOf } from '#domain/log.ts';

/** A device and its clock domain as they stand in a record: two strings, each u16 length and UTF-8. */
export interface Identity {
  deviceId: string;
  domain: ClockDomain;
  bytes: Uint8Array;
}

export interface Placed extends Identity {
  partition: number;
}

export const MAX_STRING_BYTES = 0xffff;
const KEPT = 16_384;

/** Encodes identities of at most MAX_STRING_BYTES a string, remembering the last ones. */
export function identityWriter(partitions: number): (deviceId: string, domain: ClockDomain) => Placed {
  const kept = new Map<string, Placed>();
  return (deviceId, domain) => {
    const known = kept.get(deviceId);
    if (known !== undefined && known.domain === domain) return known;
    const placed = {
      deviceId,
      domain,
      bytes: encode(deviceId, domain),
      partition: partitionOf(deviceId, partitions),
    };
    if (kept.size >= KEPT) kept.clear();
    kept.set(deviceId, placed);
    return placed;
  };
}

/** Decodes identities; records of one device mostly share one pair of strings. */
export function identityReader(): (buffer: Buffer, at: number) => Identity {
  const kept: (Identity | undefined)[] = new Array(KEPT).fill(undefined);
  return (buffer, at) => {
    const deviceBytes = buffer.readUInt16LE(at);
    const domainAt = at + 2 + deviceBytes;
    const end = domainAt + 2 + buffer.readUInt16LE(domainAt);
    let hash = 0x811c9dc5;
    for (let i = at; i < end; i++) hash = Math.imul(hash ^ buffer[i]!, 0x01000193);
    const slot = (hash ^ (hash >>> 15)) & (KEPT - 1);
    const known = kept[slot];
    if (known !== undefined && sameBytes(known.bytes, buffer, at, end)) return known;
    const identity = {
      deviceId: buffer.toString('utf8', at + 2, domainAt),
      domain: buffer.toString('utf8', domainAt + 2, end),
      bytes: new Uint8Array(buffer.subarray(at, end)),
    };
    kept[slot] = identity;
    return identity;
  };
}

function encode(deviceId: string, domain: ClockDomain): Uint8Array {
  const device = Buffer.from(deviceId, 'utf8');
  const clock = Buffer.from(domain, 'utf8');
  const bytes = Buffer.allocUnsafeSlow(4 + device.length + clock.length);
  bytes.writeUInt16LE(device.length, 0);
  bytes.set(device, 2);
  bytes.writeUInt16LE(clock.length, 2 + device.length);
  bytes.set(clock, 4 + device.length);
  return bytes;
}

function sameBytes(known: Uint8Array, buffer: Buffer, at: number, end: number): boolean {
  if (known.length !== end - at) return false;
  for (let i = 0; i < known.length; i++) if (known[i] !== buffer[at + i]) return false;
  return true;
}
