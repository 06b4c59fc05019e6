import type { OutcomeCode } from '#domain/outcome.ts';
import type { OutcomeChunk } from '#domain/store.ts';

/** Builds outcome chunks: see `OutcomeChunk.bytes`. */
export function outcomeBytes() {
  let buffer = new Uint8Array(64 * 1024);
  let length = 0;

  const reserve = (bytes: number): void => {
    if (length + bytes <= buffer.length) return;
    const larger = new Uint8Array(Math.max(buffer.length * 2, length + bytes));
    larger.set(buffer.subarray(0, length));
    buffer = larger;
  };

  return {
    /** The outcomes of one position: the first `readings` of the codes. */
    add: (codes: ArrayLike<OutcomeCode>, readings = codes.length): void => {
      reserve(readings + 5);
      let n = readings;
      while (n >= 0x80) {
        buffer[length++] = (n & 0x7f) | 0x80;
        n >>>= 7;
      }
      buffer[length++] = n;
      for (let i = 0; i < readings; i++) buffer[length++] = codes[i]!;
    },
    /** The bytes so far; starts anew. */
    take: (): Uint8Array => {
      const bytes = buffer.slice(0, length);
      length = 0;
      return bytes;
    },
  };
}

/** Where the outcomes of one position stand in a chunk's bytes: [start, end). */
export function outcomesAt(chunk: OutcomeChunk, position: number): { start: number; end: number } {
  let at = 0;
  for (let p = chunk.from; ; p++) {
    let n = 0;
    let shift = 0;
    let byte: number;
    do {
      byte = chunk.bytes[at++]!;
      n |= (byte & 0x7f) << shift;
      shift += 7;
    } while (byte >= 0x80);
    if (p === position) return { start: at, end: at + n };
    at += n;
  }
}
