import { UNUSABLE, type UnusableMessage } from '#domain/unusable-message.ts';
import type { Unusable } from './feed.ts';

/** So much of it is kept: enough to see what it was. The door takes 256 KiB a packet, and base64 makes four bytes of three. */
const MOST_AS_IT_CAME = 180 * 1_024;
const MOST_TEXT = 240 * 1_024;

/** What is logged of something that a feed could not use. */
export function unusablePayload({ reason, detail, asItCame }: Unusable, feed: string): string {
  const whole = Buffer.from(asItCame as Uint8Array);
  const kept = whole.subarray(0, MOST_AS_IT_CAME);
  const isCut = kept.length < whole.length;
  const base = { kind: UNUSABLE, feed, reason, detail: detail.slice(0, 1_000) } as const;
  const sent = (message: UnusableMessage) =>
    JSON.stringify({ ...message, ...(isCut && { ofBytes: whole.length }) });
  const text = textOf(kept, isCut);
  const asText = text === undefined ? undefined : sent({ ...base, asItCame: text });
  // Text of many quotes or control characters grows with its escapes.
  if (asText !== undefined && Buffer.byteLength(asText) <= MOST_TEXT) return asText;
  return sent({ ...base, asItCameBase64: kept.toString('base64') });
}

/** `undefined` for what is no UTF-8. Where it was cut, half a character at its end is not of it. */
function textOf(bytes: Uint8Array, isCut: boolean): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: isCut });
  } catch {
    return undefined;
  }
}
