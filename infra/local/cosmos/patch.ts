import { notImplemented } from './answer.ts';
import type { Item } from './item.ts';

interface PatchOperation {
  op: string;
  path: string;
  value?: unknown;
  from?: string;
}

const MAX_OPERATIONS = 10;

/** Changes `item` by the service's partial-update operations, in order. What is wrong with them, or null. */
export function applyPatch(item: Item, patch: unknown): string | null {
  const body = Array.isArray(patch)
    ? { operations: patch }
    : (patch as { operations?: unknown; condition?: unknown });
  if (!Array.isArray(body?.operations)) return 'A patch is a list of operations.';
  if (body.condition !== undefined) notImplemented('a condition on a patch');
  if (body.operations.length > MAX_OPERATIONS) return 'A patch has at most 10 operations.';
  for (const operation of body.operations as PatchOperation[]) {
    const fault = apply(item, operation);
    if (fault !== null) return fault;
  }
  return null;
}

function apply(item: Item, { op, path, value, from }: PatchOperation): string | null {
  const place = find(item, path);
  if (place === null) return `Patch ${op}: no such path ${path}.`;
  const { parent, name } = place;
  const exists = Object.hasOwn(parent, name);
  switch (op) {
    case 'add':
      if (Array.isArray(parent)) return insert(parent, name, value);
      parent[name] = value;
      return null;
    case 'set':
      parent[name] = value;
      return null;
    case 'replace':
      if (!exists) return `Patch replace: no such path ${path}.`;
      parent[name] = value;
      return null;
    case 'remove':
      if (!exists) return `Patch remove: no such path ${path}.`;
      if (Array.isArray(parent)) parent.splice(Number(name), 1);
      else delete parent[name];
      return null;
    case 'incr': {
      const before = exists ? parent[name] : 0;
      if (typeof before !== 'number' || typeof value !== 'number')
        return `Patch incr: ${path} is not a number.`;
      parent[name] = before + value;
      return null;
    }
    case 'move': {
      const source = find(item, from ?? '');
      if (source === null || !Object.hasOwn(source.parent, source.name))
        return `Patch move: no such path ${from}.`;
      const moved = source.parent[source.name];
      delete source.parent[source.name];
      parent[name] = moved;
      return null;
    }
    default:
      return `Patch operation ${op} is unknown.`;
  }
}

function insert(list: Item, name: string, value: unknown): string | null {
  const array = list as unknown as unknown[];
  const at = name === '-' ? array.length : Number(name);
  if (!Number.isInteger(at) || at < 0 || at > array.length)
    return `Patch add: ${name} is not a place in the list.`;
  array.splice(at, 0, value);
  return null;
}

function find(item: Item, path: string): { parent: Item; name: string } | null {
  if (typeof path !== 'string' || !path.startsWith('/')) return null;
  const names = path
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  let parent: unknown = item;
  for (const name of names.slice(0, -1)) {
    if (typeof parent !== 'object' || parent === null || !Object.hasOwn(parent, name)) return null;
    parent = (parent as Item)[name];
  }
  if (typeof parent !== 'object' || parent === null) return null;
  return { parent: parent as Item, name: names.at(-1)! };
}
