import { isDeepStrictEqual } from 'node:util';
import type * as z from 'zod';
import { registryKinds } from '#domain/registry/entries.ts';
import type { NetworkEntry, NetworkKind, NetworkProblem, ParsedNetwork } from './parse-network.ts';

export interface EntryCollector {
  /** Takes a body when it fits its schema, without those optional fields that do not; names what it leaves out. */
  add(kind: NetworkKind, body: Record<string, unknown>, row: number): void;
  problem(row: number, problem: string): void;
  result(): ParsedNetwork;
}

export function entryCollector(): EntryCollector {
  const entries = new Map<string, { entry: NetworkEntry; row: number }>();
  const problems: NetworkProblem[] = [];
  const problem = (row: number, text: string) => void problems.push({ row, problem: text });

  return {
    problem,
    add: (kind, body, row) => {
      const schema = registryKinds[kind].schema as z.ZodObject;
      const id = String(body[`${kind}Id`] ?? '');
      const what = id === '' ? kind : `${kind} ${id}`;
      const fitting = { ...body };
      for (const [field, message] of faults(schema, fitting)) {
        if (!schema.shape[field]?.safeParse(undefined).success) {
          problem(row, `${what} is left out: ${field} ${shown(fitting[field])}: ${message}`);
          return;
        }
        const value = fitting[field];
        delete fitting[field];
        problem(row, `${what} is read without its ${field}, ${shown(value)}: ${message}`);
      }
      const entry = { kind, id, body: schema.parse(fitting) } as unknown as NetworkEntry;
      const before = entries.get(`${kind}/${id}`);
      if (before) {
        const same = isDeepStrictEqual(before.entry.body, entry.body);
        problem(
          row,
          `${what} stands in row ${before.row} already${same ? '' : ', otherwise'}; that one is kept`,
        );
        return;
      }
      entries.set(`${kind}/${id}`, { entry, row });
    },
    result: () => ({ changes: [...entries.values()].map(({ entry }) => entry), problems }),
  };
}

function shown(value: unknown): string {
  return value === undefined ? 'is missing' : (JSON.stringify(value) ?? '').slice(0, 60);
}

/** The first fault of each field. */
function faults(schema: z.ZodObject, body: unknown): Map<string, string> {
  const found = new Map<string, string>();
  for (const { path, message } of schema.safeParse(body).error?.issues ?? []) {
    const field = String(path[0] ?? '');
    if (!found.has(field))
      found.set(field, path.length > 1 ? `${path.slice(1).join('.')}: ${message}` : message);
  }
  return found;
}
