import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { TestContext } from 'vitest';

/** The path of a shared recording; skips the test by the recording's name where it is not on this machine. */
export function recording(context: TestContext, path: string): string {
  const full = resolve(import.meta.dirname, '../../shared/data', path);
  if (!existsSync(full)) context.skip(`needs the recording ${full}`);
  return full;
}
