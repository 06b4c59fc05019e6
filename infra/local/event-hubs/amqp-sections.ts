/**
 * AMQP 1.0 messages as bytes. A message is a row of sections, each a described value: 0x00, a small ulong that names
 * the section, and its value. Events are stored and passed on as they were sent, so nothing but the annotations is
 * decoded.
 */
const DELIVERY_ANNOTATIONS = 0x71;
const MESSAGE_ANNOTATIONS = 0x72;
const HEADER = 0x70;
const DATA = 0x75;

export interface Section {
  code: number;
  /** Of the whole section. */
  from: number;
  to: number;
  /** Where its value's constructor stands. */
  valueAt: number;
}

/** @throws RangeError for bytes that are no message. */
export function* sections(bytes: Buffer): Generator<Section> {
  for (let at = 0; at < bytes.length; ) {
    const from = at;
    if (bytes[at] !== 0x00) throw new RangeError(`no section at byte ${at}`);
    const valueAt = endOfValue(bytes, at + 1);
    const code = bytes[at + 1] === 0x53 ? bytes[at + 2]! : bytes[valueAt - 1]!;
    at = endOfValue(bytes, valueAt);
    yield { code, from, to: at, valueAt };
  }
}

/** The messages in a batch (format 0x80013700): the contents of its data sections. */
export function dataOf(batch: Buffer): Buffer[] {
  const contents: Buffer[] = [];
  for (const section of sections(batch))
    if (section.code === DATA) contents.push(variableContent(batch, section.valueAt));
  return contents;
}

/** A message parted into what the service takes out and what it passes on untouched. */
export interface PartedMessage {
  annotations: Annotation[];
  /** Properties, application properties and body. */
  rest: Buffer;
}

export interface Annotation {
  key: string;
  /** Key and value as sent. */
  bytes: Buffer;
  valueAt: number;
}

export function partMessage(message: Buffer): PartedMessage {
  let annotations: Annotation[] = [];
  let restFrom = message.length;
  for (const { code, from, valueAt } of sections(message)) {
    if (code === MESSAGE_ANNOTATIONS) annotations = readMap(message, valueAt);
    else if (code !== HEADER && code !== DELIVERY_ANNOTATIONS) {
      restFrom = from;
      break;
    }
  }
  return { annotations, rest: message.subarray(restFrom) };
}

/** Of an annotation whose value is a string or symbol; undefined for any other. */
export function textOf({ bytes, valueAt }: Annotation): string | undefined {
  return [0xa1, 0xb1, 0xa3, 0xb3].includes(bytes[valueAt]!)
    ? variableContent(bytes, valueAt).toString('utf8')
    : undefined;
}

export function annotationsOf(batch: Buffer): Annotation[] {
  for (const { code, valueAt } of sections(batch))
    if (code === MESSAGE_ANNOTATIONS) return readMap(batch, valueAt);
  return [];
}

function readMap(bytes: Buffer, at: number): Annotation[] {
  const small = bytes[at] === 0xc1;
  if (!small && bytes[at] !== 0xd1) throw new RangeError(`no map at byte ${at}`);
  const count = small ? bytes[at + 2]! : bytes.readUInt32BE(at + 5);
  const found: Annotation[] = [];
  let next = at + (small ? 3 : 9);
  for (let pair = 0; pair < count / 2; pair++) {
    const from = next;
    const valueAt = endOfValue(bytes, from);
    next = endOfValue(bytes, valueAt);
    const key = variableContent(bytes, from).toString('utf8');
    found.push({ key, bytes: bytes.subarray(from, next), valueAt: valueAt - from });
  }
  return found;
}

/** The content of a binary, string or symbol. */
function variableContent(bytes: Buffer, at: number): Buffer {
  const wide = (bytes[at]! & 0xf0) === 0xb0;
  if (!wide && (bytes[at]! & 0xf0) !== 0xa0) throw new RangeError(`no binary or string at byte ${at}`);
  return bytes.subarray(at + (wide ? 5 : 2), endOfValue(bytes, at));
}

/** The upper half of a constructor says how long its value is. */
function endOfValue(bytes: Buffer, at: number): number {
  const type = bytes[at];
  if (type === undefined) throw new RangeError('a message ends within a value');
  if (type === 0x00) return endOfValue(bytes, endOfValue(bytes, at + 1));
  const end = at + 1 + widthOf(bytes, type, at + 1);
  if (end > bytes.length) throw new RangeError('a message ends within a value');
  return end;
}

function widthOf(bytes: Buffer, type: number, at: number): number {
  switch (type >> 4) {
    case 0x4:
      return 0;
    case 0x5:
      return 1;
    case 0x6:
      return 2;
    case 0x7:
      return 4;
    case 0x8:
      return 8;
    case 0x9:
      return 16;
    case 0xa:
    case 0xc:
    case 0xe:
      return 1 + bytes.readUInt8(at);
    case 0xb:
    case 0xd:
    case 0xf:
      return 4 + bytes.readUInt32BE(at);
    default:
      throw new RangeError(`0x${type.toString(16)} at byte ${at - 1} is no AMQP type`);
  }
}
