import { type Instant, MINUTE_MS, SECOND_MS } from '#domain/instant.ts';
import type { ForeignMessage } from '../feed.ts';

export interface PollOptions {
  url: string;
  periodS: number;
  clock: () => Instant;
  /** 0 to 1: takes pollers that failed together apart. */
  random: () => number;
  /** Resolves early when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  signal: AbortSignal;
  onTrouble(message: string): void;
}

const ANSWERS_WITHIN_MS = 30 * SECOND_MS;
const MOST_BYTES = 64 * 1_024 * 1_024;
const BACK_OFF_AT_MOST_MS = 5 * MINUTE_MS;

/**
 * What an address answers, asked every so often. It is asked for what is new only (ETag, Last-Modified); after a fault
 * the time between two questions doubles, up to five minutes, or is what the server asked for (Retry-After).
 */
export async function* poll(options: PollOptions): AsyncGenerator<ForeignMessage> {
  const { url, periodS, signal, clock } = options;
  const known: Record<string, string> = {};
  let faults = 0;
  while (!signal.aborted) {
    const askedAt = clock();
    let waitMs = periodS * SECOND_MS;
    try {
      const answer = await fetch(url, {
        headers: known,
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWERS_WITHIN_MS)]),
      });
      if (answer.status === 304) faults = 0;
      else if (answer.ok) {
        const body = await bodyOf(answer);
        faults = 0;
        remember(known, 'If-None-Match', answer.headers.get('etag'));
        remember(known, 'If-Modified-Since', answer.headers.get('last-modified'));
        yield { receivedAt: clock(), source: url, body };
      } else {
        await answer.body?.cancel();
        throw new Refusal(
          `status ${answer.status}`,
          retryAfterMs(answer.headers.get('retry-after'), clock()),
        );
      }
    } catch (error) {
      if (signal.aborted) return;
      faults++;
      const backOffMs = Math.min(BACK_OFF_AT_MOST_MS, periodS * SECOND_MS * 2 ** faults);
      const askedForMs = error instanceof Refusal ? error.retryAfterMs : undefined;
      waitMs = askedForMs ?? backOffMs * (0.5 + options.random() / 2);
      const message = error instanceof Error ? error.message : String(error);
      options.onTrouble(`${url}: ${message}; asking again in ${Math.round(waitMs / SECOND_MS)} s`);
    }
    await options.sleep(Math.max(0, askedAt + waitMs - clock()), signal);
  }
}

class Refusal extends Error {
  readonly retryAfterMs: number | undefined;
  constructor(message: string, retryAfterMs: number | undefined) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

async function bodyOf(answer: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of answer.body ?? []) {
    bytes += part.length;
    if (bytes > MOST_BYTES) throw new Error(`an answer of over ${MOST_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function remember(known: Record<string, string>, header: string, value: string | null): void {
  if (value === null) delete known[header];
  else known[header] = value;
}

/** Seconds, or a date. At most an hour is believed. */
function retryAfterMs(header: string | null, now: Instant): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * SECOND_MS : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, SECOND_MS), 60 * MINUTE_MS) : undefined;
}
