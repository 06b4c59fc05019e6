import { refuse } from '../answer.ts';

/** Where the next page starts: after this item in the query's order, with this much still to skip and to give. */
export interface Continuation {
  /** Values of the last item in ORDER BY's fields, then what tells it from its equals. */
  after: (string | number | null)[];
  limit: number | null;
  /** Of the query's text and parameters: a token serves its own query only. */
  query: string;
}

export function continuationToken(continuation: Continuation): string {
  return Buffer.from(JSON.stringify(continuation)).toString('base64url');
}

export function readContinuation(token: string, query: string): Continuation {
  try {
    const read = JSON.parse(Buffer.from(token, 'base64url').toString()) as Continuation;
    if (Array.isArray(read.after) && read.query === query) return read;
  } catch {
    // Below.
  }
  return refuse(400, 'Invalid Continuation Token');
}
