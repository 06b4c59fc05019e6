import { notImplemented, refuse } from './answer.ts';
import type { Item } from './item.ts';

/** The service's sign for "this property is not there", in headers and in bulk operations. */
const UNDEFINED = '{}';

/** Each path as its property names: `/address/city` is `['address', 'city']`. */
export function propertyNames(path: string): string[] {
  return path
    .split('/')
    .slice(1)
    .map((name) => name.replace(/^"(.*)"$/, '$1'));
}

/** The key of an item as text: a JSON array with one entry a path; equal keys have equal texts. */
export function partitionKeyOf(item: Item, paths: readonly (readonly string[])[]): string {
  return `[${paths.map((path) => keyPart(valueAt(item, path))).join(',')}]`;
}

/** The same text, from a header or a bulk operation; null when none was given. */
export function partitionKeyText(given: string | undefined, paths: number): string | null {
  if (given === undefined) return null;
  let parts: unknown;
  try {
    parts = JSON.parse(given);
  } catch {
    refuse(400, `Partition key ${given} is invalid.`);
  }
  if (!Array.isArray(parts)) refuse(400, `Partition key ${given} is invalid.`);
  if (parts.length === 0) return `[${Array(paths).fill(UNDEFINED).join(',')}]`;
  if (parts.length < paths) notImplemented('a prefix of a hierarchical partition key');
  if (parts.length > paths) {
    refuse(
      400,
      'Partition key provided either does not correspond to the definition in the collection.',
      1001,
    );
  }
  return `[${parts.map(keyPart).join(',')}]`;
}

export function valueAt(item: unknown, path: readonly (string | number)[]): unknown {
  let value: unknown = item;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string | number, unknown>)[name];
  }
  return value;
}

function keyPart(value: unknown): string {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return JSON.stringify(value);
    case 'number':
      return JSON.stringify(value === 0 ? 0 : value);
    default:
      return value === null ? 'null' : UNDEFINED;
  }
}
