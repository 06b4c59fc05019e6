import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataDirectory } from './data-directory.ts';

/**
 * What changes something over HTTP must carry `Authorization: Bearer TOKEN`: who can read the data directory may. The
 * file is its owner's alone, and new with each start.
 */
export function newApiToken(data: DataDirectory): string {
  const token = randomBytes(32).toString('base64url');
  writeFileSync(tokenPath(data), token, { mode: 0o600 });
  return token;
}

export function readApiToken(data: DataDirectory): string | undefined {
  return existsSync(tokenPath(data)) ? readFileSync(tokenPath(data), 'utf8') : undefined;
}

/** Takes as long for a wrong token as for the right one. */
export function carriesToken(header: string | undefined, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(header ?? ''), digest(`Bearer ${token}`));
}

function tokenPath(data: DataDirectory): string {
  return join(data.path, 'api-token');
}
