import { createHmac, timingSafeEqual } from 'node:crypto';
import { refuse } from './answer.ts';

/** The one shared access policy: it may do everything. */
export interface SharedAccessPolicy {
  name: string;
  /** Base64. */
  key: string;
}

/**
 * Checks `Authorization: SharedAccessSignature sr=..&sig=..&skn=..&se=..` of a service: signed with the policy's key,
 * for this hub, and not expired. @throws Refused 401
 */
export function authorize(
  header: string | undefined,
  policy: SharedAccessPolicy,
  isThisHub: (host: string) => boolean,
  now: number,
): void {
  const scheme = 'SharedAccessSignature ';
  if (!header?.startsWith(scheme)) unauthorized('no shared access signature');
  const fields = new URLSearchParams(header.slice(scheme.length).replaceAll('+', '%2B'));
  const raw = new Map(header.slice(scheme.length).split('&').map(pair));
  const sr = raw.get('sr') ?? '';
  const se = raw.get('se') ?? '';
  if (fields.get('skn') !== policy.name) unauthorized(`there is no policy ${fields.get('skn')}`);
  if (!isThisHub((fields.get('sr') ?? '').toLowerCase())) unauthorized(`${fields.get('sr')} is not this hub`);
  const expected = createHmac('sha256', Buffer.from(policy.key, 'base64')).update(`${sr}\n${se}`).digest();
  const given = Buffer.from(fields.get('sig') ?? '', 'base64');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    unauthorized('the signature is not of this key');
  }
  if (!(Number(se) * 1_000 > now)) unauthorized('the token has expired: is the clock right?');
}

function pair(text: string): [string, string] {
  const equals = text.indexOf('=');
  return [text.slice(0, equals), text.slice(equals + 1)];
}

function unauthorized(detail: string): never {
  return refuse(401, 'IotHubUnauthorizedAccess', `Unauthorized: ${detail}`);
}
