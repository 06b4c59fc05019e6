/** Fields of a protobuf message as bytes: what GTFS-Realtime needs of the format. */
export function message(...fields: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(fields);
}

/** A whole number of 0 or more, below 2^53. */
export function numberField(field: number, value: number): Uint8Array {
  return Buffer.from([...varint(field * 8), ...varint(value)]);
}

export function textField(field: number, value: string): Uint8Array {
  return bytesField(field, Buffer.from(value));
}

export function bytesField(field: number, value: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([...varint(field * 8 + 2), ...varint(value.length)]), value]);
}

export function floatField(field: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([Buffer.from(varint(field * 8 + 5)), bytes]);
}

export function doubleField(field: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([Buffer.from(varint(field * 8 + 1)), bytes]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return bytes;
}
