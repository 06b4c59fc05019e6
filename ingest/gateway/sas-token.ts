import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Instant } from '#domain/instant.ts';

/** `SharedAccessSignature sr=..&sig=..&se=..`, as an Azure IoT Hub device sends it for a password. */
export interface SasToken {
  /** As sent, still url-encoded: what was signed. */
  sr: string;
  /** `host/devices/id` */
  resource: string;
  sig: Buffer;
  /** As sent: what was signed. */
  se: string;
  expiresAt: Instant;
}

const scheme = 'SharedAccessSignature ';

/** `undefined` for anything that is no such token. */
export function parseSasToken(password: string): SasToken | undefined {
  if (!password.startsWith(scheme)) return undefined;
  const fields = new Map<string, string>();
  for (const field of password.slice(scheme.length).split('&')) {
    const equals = field.indexOf('=');
    if (equals < 1 || fields.has(field.slice(0, equals))) return undefined;
    fields.set(field.slice(0, equals), field.slice(equals + 1));
  }
  const sr = fields.get('sr');
  const se = fields.get('se');
  const resource = urlDecoded(sr);
  const sig = urlDecoded(fields.get('sig'));
  if (sr === undefined || resource === undefined || sig === undefined) return undefined;
  if (se === undefined || !/^\d{1,12}$/.test(se)) return undefined;
  return { sr, resource, sig: Buffer.from(sig, 'base64'), se, expiresAt: Number(se) * 1000 };
}

/** Whether the token was signed with the base64 key. Takes as long for a wrong signature as for a right one. */
export function signedWith(token: SasToken, key: string): boolean {
  const expected = createHmac('sha256', Buffer.from(key, 'base64'))
    .update(`${token.sr}\n${token.se}`)
    .digest();
  return token.sig.length === expected.length && timingSafeEqual(token.sig, expected);
}

function urlDecoded(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
