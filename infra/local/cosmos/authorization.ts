import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { notImplemented, refuse } from './answer.ts';

const MAX_SKEW_MS = 15 * 60_000;

/**
 * Holds a request against the master key, as the service does: 401 for a missing or wrong signature, 403 for one whose
 * date is more than 15 minutes from `nowMs`. The signature covers method, resource type, resource link and date.
 */
export function authorize(request: IncomingMessage, rawPath: string, key: Buffer, nowMs: number): void {
  const header = request.headers.authorization;
  const date = request.headers['x-ms-date'];
  if (header === undefined || typeof date !== 'string') {
    refuse(401, 'Required Header authorization or x-ms-date is missing.');
  }
  const token = new URLSearchParams(safeDecode(header).replaceAll('+', '%2B'));
  const type = token.get('type');
  if (type !== 'master') notImplemented(`authorization of type ${type}: the master key is the only one here`);
  if (token.get('ver') !== '1.0') refuse(401, 'The authorization token has an unknown version.');
  const given = Buffer.from(token.get('sig') ?? '', 'base64');
  // The client signs the link as its caller wrote it, and encodes it for the path afterwards.
  const links = [safeDecode(rawPath), rawPath];
  if (!links.some((link) => equal(given, signature(request.method ?? '', link, date, key)))) {
    refuse(
      401,
      "The input authorization token can't serve the request. Please check that the expected payload is built as per the protocol, and check the key being used.",
    );
  }
  const skewMs = Math.abs(Date.parse(date) - nowMs);
  if (!(skewMs <= MAX_SKEW_MS)) {
    refuse(
      403,
      `The authorization token is not valid at the current time. Token date: ${date}, server date: ${new Date(nowMs).toUTCString()}.`,
    );
  }
}

function signature(method: string, path: string, date: string, key: Buffer): Buffer {
  const parts = path.split('/').filter((part) => part !== '');
  const named = parts.length % 2 === 0;
  const type = (named ? parts.at(-2) : parts.at(-1)) ?? '';
  const link = (named ? parts : parts.slice(0, -1)).join('/');
  const text = `${method.toLowerCase()}\n${type.toLowerCase()}\n${link}\n${date.toLowerCase()}\n\n`;
  return createHmac('sha256', key).update(text).digest();
}

function equal(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
