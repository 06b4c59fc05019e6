/** Fields of a protobuf message by number, written as the format's documentation says; only for tests. */
export type Written = [number: number, value: number | string | Uint8Array | Float | Double];

export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

export class Double extends Float {}

export function message(...fields: Written[]): Uint8Array {
  return Buffer.concat(fields.map(([number, value]) => field(number, value)));
}

function field(number: number, value: Written[1]): Uint8Array {
  if (typeof value === 'number') return Buffer.concat([varint(BigInt(number * 8)), varint(BigInt(value))]);
  if (value instanceof Float) {
    const wide = value instanceof Double;
    const bytes = Buffer.alloc(wide ? 8 : 4);
    if (wide) bytes.writeDoubleLE(value.value);
    else bytes.writeFloatLE(value.value);
    return Buffer.concat([varint(BigInt(number * 8 + (wide ? 1 : 5))), bytes]);
  }
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([varint(BigInt(number * 8 + 2)), varint(BigInt(bytes.length)), bytes]);
}

function varint(value: bigint): Uint8Array {
  let rest = BigInt.asUintN(64, value);
  const bytes: number[] = [];
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}
