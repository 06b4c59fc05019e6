/** A document as its writer knows it. */
export type Item = Record<string, unknown>;

/** What the service adds to a document, and ignores in what a client sends. */
export const systemProperties = ['_rid', '_self', '_etag', '_attachments', '_ts', '_lsn'] as const;

/** A document as it is kept: `body` is JSON without system properties; times in seconds since 1970. */
export interface StoredItem {
  n: number;
  pk: string;
  id: string;
  etag: string;
  ts: number;
  body: string;
}
