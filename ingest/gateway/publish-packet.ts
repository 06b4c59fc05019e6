/** An MQTT 3.1.1 PUBLISH; the topic stays where it is, since most senders repeat theirs. */
export interface PublishPacket {
  topicFrom: number;
  topicTo: number;
  /** 0 for QoS 0. */
  messageId: number;
  payload: Buffer;
}

/** Reads the body of a PUBLISH, `bytes[from, to)`. QoS 2 is refused by rule, QoS 3 does not exist. */
export function decodePublish(
  bytes: Buffer,
  firstByte: number,
  from: number,
  to: number,
): PublishPacket | 'malformed' | 'qos' {
  const qos = (firstByte >> 1) & 0b11;
  if (qos > 1) return qos === 2 ? 'qos' : 'malformed';
  if (to - from < 2) return 'malformed';
  const topicFrom = from + 2;
  const topicTo = topicFrom + ((bytes[from]! << 8) | bytes[from + 1]!);
  const payloadFrom = topicTo + 2 * qos;
  if (payloadFrom > to) return 'malformed';
  const messageId = qos === 0 ? 0 : (bytes[topicTo]! << 8) | bytes[topicTo + 1]!;
  if (qos === 1 && messageId === 0) return 'malformed';
  return { topicFrom, topicTo, messageId, payload: bytes.subarray(payloadFrom, to) };
}

/** A PUBLISH to a device, QoS 1 where it has a message id, else QoS 0. The payload may have 256 KiB. */
export function encodePublish(topic: string, payload: Uint8Array, messageId: number): Buffer {
  const topicBytes = Buffer.byteLength(topic);
  const idBytes = messageId === 0 ? 0 : 2;
  let length = 2 + topicBytes + idBytes + payload.length;
  const header = [messageId === 0 ? 0x30 : 0x32];
  do {
    header.push((length & 0x7f) | (length > 0x7f ? 0x80 : 0));
    length >>= 7;
  } while (length > 0);
  const bytes = Buffer.allocUnsafe(header.length + 2 + topicBytes + idBytes + payload.length);
  bytes.set(header);
  let at = bytes.writeUInt16BE(topicBytes, header.length);
  at += bytes.write(topic, at);
  if (messageId !== 0) at = bytes.writeUInt16BE(messageId, at);
  bytes.set(payload, at);
  return bytes;
}

/** One buffer of PUBACKs. */
export function encodePubacks(messageIds: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(4 * messageIds.length);
  let at = 0;
  for (const id of messageIds) {
    bytes[at++] = 0x40;
    bytes[at++] = 2;
    bytes[at++] = id >> 8;
    bytes[at++] = id & 0xff;
  }
  return bytes;
}
