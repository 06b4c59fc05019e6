import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Refusal, refusal } from './amqp-error.ts';

export interface AccessKey {
  name: string;
  /** The HMAC key is its UTF-8 text, not decoded. */
  key: string;
}

/** The resource that a token gives access to, and until when (ms). */
export interface Grant {
  audience: string;
  expiresAt: number;
}

/** Checks `SharedAccessSignature sr=..&sig=..&se=..&skn=..`. */
export function checkSasToken(token: string, access: AccessKey, nowMs: number): Grant | Refusal {
  const fields = new URLSearchParams(token.replace(/^SharedAccessSignature /, ''));
  const [sr, sig, se, skn] = ['sr', 'sig', 'se', 'skn'].map((name) => fields.get(name));
  if (!token.startsWith('SharedAccessSignature ') || !sr || !sig || !se || !/^\d{1,12}$/.test(se))
    return unauthorized('MalformedToken: The token is not a shared access signature.');
  const signed = /[ &]sr=([^&]*)/.exec(token)?.[1] ?? '';
  const expected = createHmac('sha256', access.key).update(`${signed}\n${se}`).digest();
  const given = Buffer.from(sig, 'base64');
  if (skn !== access.name || given.length !== expected.length || !timingSafeEqual(given, expected))
    return unauthorized('InvalidSignature: The token has an invalid signature.');
  const expiresAt = Number(se) * 1000;
  if (expiresAt <= nowMs)
    return unauthorized(
      `ExpiredToken: The token is expired. Expiration time: '${utc(expiresAt)}', current server time: '${utc(nowMs)}'.`,
    );
  return { audience: sr, expiresAt };
}

export const unauthorized = (description: string): Refusal =>
  refusal('amqp:unauthorized-access', description);

const utc = (ms: number): string => new Date(ms).toISOString();
