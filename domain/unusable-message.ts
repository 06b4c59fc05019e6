/** The kind of what is no reading: what a feed heard and could not use. */
export const UNUSABLE = 'unusable';

/**
 * What a feed logs of a foreign message that it could not use: why, and the message as it came. Admission rejects it by
 * that name, so that nothing a stranger writes is taken for a reading, though it have the fields of one.
 */
export interface UnusableMessage {
  kind: typeof UNUSABLE;
  feed: string;
  /** The feed's word for it, as its `feed-status` counts it. */
  reason: string;
  detail: string;
  /** Of a message that is text in UTF-8; otherwise `asItCameBase64`. */
  asItCame?: string;
  asItCameBase64?: string;
  /** Bytes of the whole message, where only its beginning is kept. */
  ofBytes?: number;
}

/** Why, in the feed's words. */
export function whyUnusable({ reason, detail }: { reason?: unknown; detail?: unknown }): string {
  return `${String(reason)}: ${String(detail)}`.slice(0, 300);
}
