/** Bytes that are no protobuf, or not all of it. */
export class NoProtobuf extends Error {
  override name = 'NoProtobuf';
}

/** One field of a message: a number for varint and fixed types, bytes for all else. */
export interface Field {
  number: number;
  /** Varints up to 2^53 exactly; of a negative int32 or int64 the signed value. */
  value: number;
  /** For length-delimited fields; empty otherwise. */
  bytes: Uint8Array;
  /** Where the field begins and ends in its message. */
  start: number;
  end: number;
  type: 'number' | 'float' | 'bytes';
}

/**
 * The fields of one message in their order, unknown ones too. Strict: a field that goes on past the end is no field.
 * (Libraries differ in what they make of such bytes; here the fields before it are already out.)
 * @throws NoProtobuf where the bytes end or make no sense
 */
export function* fieldsOf(message: Uint8Array): Generator<Field> {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  let at = 0;
  const varint = (): number => {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= message.length) throw new NoProtobuf('cut short within a number');
      const byte = message[at++]!;
      const bits = byte & 0x7f;
      if (shift < 28) low += bits * 2 ** shift;
      else high += bits * 2 ** (shift - 28);
      if (byte < 0x80) return signed(low, high);
    }
    throw new NoProtobuf('a number of more than ten bytes');
  };
  while (at < message.length) {
    const start = at;
    const tag = varint();
    const number = Math.floor(tag / 8);
    if (number < 1 || number > 536_870_911) throw new NoProtobuf(`field number ${number}`);
    const need = (n: number): void => {
      if (at + n > message.length) throw new NoProtobuf(`cut short within field ${number}`);
    };
    switch (tag % 8) {
      case 0:
        yield { number, value: varint(), bytes: none, start, end: at, type: 'number' };
        break;
      case 1:
        need(8);
        at += 8;
        yield { number, value: view.getFloat64(at - 8, true), bytes: none, start, end: at, type: 'float' };
        break;
      case 2: {
        const length = varint();
        if (length < 0) throw new NoProtobuf(`field ${number} has a length below 0`);
        need(length);
        const from = at;
        at += length;
        yield { number, value: 0, bytes: message.subarray(from, at), start, end: at, type: 'bytes' };
        break;
      }
      case 5:
        need(4);
        at += 4;
        yield { number, value: view.getFloat32(at - 4, true), bytes: none, start, end: at, type: 'float' };
        break;
      default:
        throw new NoProtobuf(`wire type ${tag % 8} of field ${number}`);
    }
  }
}

const none = new Uint8Array();
const TWO_28 = 2 ** 28;

/** 64 bits in two's complement, from its lowest 28 and the rest. */
function signed(low: number, high: number): number {
  return high >= 2 ** 35 ? (high - 2 ** 36) * TWO_28 + low : high * TWO_28 + low;
}

const utf8 = new TextDecoder();

/** The field as text; `undefined` where it is empty or no text. */
export function textOf(field: Field): string | undefined {
  if (field.type !== 'bytes' || field.bytes.length === 0) return undefined;
  return utf8.decode(field.bytes);
}
