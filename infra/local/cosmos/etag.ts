import { randomUUID } from 'node:crypto';

/** Never the same twice, in quotes as the service gives it. */
export function newEtag(): string {
  return `"${randomUUID()}"`;
}
