/**
 * ASCII text put together in one buffer that serves for ever: numbers and short words become one string at the end,
 * and none on the way.
 */
export interface AsciiText {
  /** As JSON has it; NaN as null. */
  number(value: number): void;
  /** Of ASCII alone. */
  word(text: string): void;
  byte(code: number): void;
  /** The text so far; starts anew. */
  take(): string;
}

const MOST_DIGITS = 32;
const MINUS = 0x2d;
const ZERO = 0x30;

export function asciiText(): AsciiText {
  let bytes = Buffer.allocUnsafeSlow(16 * 1024);
  let end = 0;

  const reserve = (more: number): void => {
    if (end + more <= bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * bytes.length + more);
    larger.set(bytes.subarray(0, end));
    bytes = larger;
  };

  const word = (text: string): void => {
    reserve(text.length);
    for (let i = 0; i < text.length; i++) bytes[end++] = text.charCodeAt(i);
  };

  /** A whole number below 2^31, with zeros in front up to `least` digits. */
  const digits = (value: number, least: number): void => {
    let count = 1;
    for (let bound = 10; count < 10 && value >= bound; bound *= 10) count += 1;
    if (count < least) count = least;
    let rest = value | 0;
    for (let at = end + count - 1; at >= end; at--) {
      const tenth = (rest / 10) | 0;
      bytes[at] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
    end += count;
  };

  const number = (value: number): void => {
    reserve(MOST_DIGITS);
    if (value >= 0 && value < BILLION && value === (value | 0)) digits(value, 1);
    else if (Number.isNaN(value)) word('null');
    else if (!Number.isSafeInteger(value)) word(String(value));
    else {
      let size = value;
      if (value < 0) {
        bytes[end++] = MINUS;
        size = -value;
      }
      const high = Math.floor(size / BILLION);
      if (high > 0) digits(high, 1);
      digits(size - high * BILLION, high > 0 ? 9 : 1);
    }
  };

  return {
    number,
    word,
    byte: (code) => {
      reserve(1);
      bytes[end++] = code;
    },
    take: () => {
      const text = bytes.toString('latin1', 0, end);
      end = 0;
      return text;
    },
  };
}

const BILLION = 1e9;
