/**
 * Cuts a stream of bytes into MQTT packets, whatever the chunk boundaries. A packet's size is judged from its fixed
 * header, before any of it is kept, and at most one incomplete packet is.
 */
export interface PacketReader {
  /** Hands over the next bytes. Call only after `next` has said 'more'. */
  feed(chunk: Buffer): void;
  /** `limit` says the greatest remaining length for a first byte. After a fault the reader is of no more use. */
  next(limit: (firstByte: number) => number): 'packet' | 'more' | 'malformed' | 'too-large';
  /** The packet that `next` found, `bytes[start, to)`, and its body, `bytes[from, to)`. Valid until the next call. */
  readonly bytes: Buffer;
  readonly start: number;
  readonly from: number;
  readonly to: number;
}

const none = Buffer.alloc(0);

export function packetReader(): PacketReader {
  /** Bytes not looked at yet are chunk[at..]. */
  let chunk: Buffer = none;
  let at = 0;
  /** A packet whose end has not come: its header is known, `filled` bytes of it are here. */
  let partial: Buffer | undefined;
  let partialBody = 0;
  let filled = 0;

  const reader = { bytes: none as Buffer, start: 0, from: 0, to: 0, feed, next };
  return reader;

  function feed(more: Buffer): void {
    chunk = at < chunk.length ? Buffer.concat([chunk.subarray(at), more]) : more;
    at = 0;
  }

  function next(limit: (firstByte: number) => number): 'packet' | 'more' | 'malformed' | 'too-large' {
    if (partial) return fill(partial);
    const start = at;
    if (start === chunk.length) {
      // A silent connection keeps no buffer of what it sent last.
      reader.bytes = none;
      chunk = none;
      at = 0;
      return 'more';
    }
    if (chunk.length - start < 2) return 'more';
    let length = 0;
    let body = start + 1;
    for (let shift = 0; ; shift += 7) {
      if (shift > 21) return 'malformed';
      if (body >= chunk.length) return 'more';
      const digit = chunk[body++]!;
      length |= (digit & 0x7f) << shift;
      if (digit < 0x80) break;
    }
    if (length > limit(chunk[start]!)) return 'too-large';
    if (body + length > chunk.length) {
      partial = Buffer.allocUnsafe(body - start + length);
      partialBody = body - start;
      filled = 0;
      return fill(partial);
    }
    at = body + length;
    return found(chunk, start, body, at);
  }

  function fill(packet: Buffer): 'packet' | 'more' {
    const copied = chunk.copy(packet, filled, at, at + packet.length - filled);
    at += copied;
    filled += copied;
    if (filled < packet.length) return 'more';
    partial = undefined;
    return found(packet, 0, partialBody, packet.length);
  }

  function found(bytes: Buffer, start: number, from: number, to: number): 'packet' {
    reader.bytes = bytes;
    reader.start = start;
    reader.from = from;
    reader.to = to;
    return 'packet';
  }
}
