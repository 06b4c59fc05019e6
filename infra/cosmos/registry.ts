import { randomUUID } from 'node:crypto';
import type { Container, Database, OperationInput } from '@azure/cosmos';
import type { Instant } from '#domain/instant.ts';
import { registryKinds } from '#domain/registry/entries.ts';
import {
  type NewRegistryChange,
  type Registry,
  type RegistryChange,
  type RegistryView,
  registryView,
} from '#domain/registry/registry.ts';
import { StoreUnavailable } from '#domain/store.ts';
import { isPassingStatus } from '#infra/azure/outage.ts';
import { bulk } from './bulk.ts';
import { documentId } from './document.ts';
import { queryItems } from './query-pages.ts';
import { request } from './request.ts';

/** What one call of `change` appended: the lines from version `first` on. */
interface Append {
  id: string;
  list: typeof LIST;
  first: number;
  count: number;
  changedAt: Instant;
  /** Tells this call from any other. */
  by: string;
  /** The lines; where they are many, the partition keys of the parts that hold them. */
  lines?: NewRegistryChange[];
  parts?: string[];
}

/** How long the list is: replaced together with each append. */
interface Head {
  id: typeof HEAD;
  list: typeof LIST;
  version: number;
  first: number;
}

interface Part {
  id: 'part';
  list: string;
  lines: NewRegistryChange[];
}

const LIST = 'changes';
const HEAD = 'head';
/** Characters of JSON that one document holds: well below the service's 2 MB. */
const PART_CHARS = 500_000;
const MOST_TRIES = 20;

/**
 * The registry's append-only list: one document for each append, named by the version of its first line, so that of two
 * who append at one moment one meets a conflict and comes after the other. Long appends stand in parts, which count
 * when the append that names them does.
 */
export function cosmosRegistry(database: Database, clock: () => Instant): Registry {
  const container = database.container('registry');
  let known: RegistryChange[] = [];
  let latest: RegistryView | undefined;
  const version = oneReadForAll(() => readVersion(container));

  return {
    change: async (changes) => {
      const valid = changes.map(checked);
      if (valid.length === 0) return version();
      const parts = partsOf(valid);
      if (parts) await writeParts(container, parts);
      const by = randomUUID();
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const before = await version();
        const lines = parts ? { parts: parts.map(({ list }) => list) } : { lines: valid };
        if (await append(container, before, { count: valid.length, changedAt: clock(), by, ...lines })) {
          return before + valid.length;
        }
      }
      throw new StoreUnavailable('could not change the registry: others change it all the time');
    },
    version,
    view: async (at) => {
      const wanted = at ?? (await version());
      if (latest?.version === wanted) return latest;
      // Lines never change: only new ones are read.
      while (wanted > known.length) {
        const after = known.length;
        const lines = await readLines(container, after);
        if (lines.length === 0) throw new Error(`the registry has no version ${wanted}`);
        // Another may have read them meanwhile.
        if (known.length === after) known = [...known, ...lines];
      }
      const made = registryView(known.slice(0, wanted));
      if (at === undefined) latest = made;
      return made;
    },
  };
}

/** @throws ZodError when the body is not what its kind says. */
function checked(change: NewRegistryChange): NewRegistryChange {
  if (change.body === null) return change;
  const { schema } = registryKinds[change.kind];
  return { ...change, body: schema.parse(change.body) as NewRegistryChange['body'] };
}

async function readVersion(container: Container): Promise<number> {
  const { resource } = await request('read the registry', (abortSignal) =>
    container.item(HEAD, LIST).read<Head>({ abortSignal }),
  );
  return resource?.version ?? 0;
}

/**
 * All who ask while a read is under way share the next one: what they are told was read after they asked, and however
 * many partitions ask for the version, one read at a time is paid for.
 */
function oneReadForAll<T>(read: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> | undefined;
  let next: Promise<T> | undefined;
  const start = (): Promise<T> => {
    const started = read();
    running = started;
    const ended = () => {
      if (running === started) running = undefined;
    };
    started.then(ended, ended);
    return started;
  };
  return () => {
    if (!running) return start();
    next ??= running
      .catch(() => {})
      .then(() => {
        next = undefined;
        return start();
      });
    return next;
  };
}

/** Undefined where one document is enough. */
function partsOf(lines: readonly NewRegistryChange[]): Part[] | undefined {
  const name = randomUUID();
  const parts: Part[] = [];
  let chars = Number.POSITIVE_INFINITY;
  for (const line of lines) {
    const lineChars = JSON.stringify(line).length;
    if (chars + lineChars > PART_CHARS) {
      parts.push({ id: 'part', list: `${name}/${parts.length}`, lines: [] });
      chars = 0;
    }
    parts.at(-1)!.lines.push(line);
    chars += lineChars;
  }
  return parts.length > 1 ? parts : undefined;
}

async function writeParts(container: Container, parts: readonly Part[]): Promise<void> {
  const writes = parts.map(
    (part): OperationInput => ({
      operationType: 'Upsert',
      partitionKey: part.list,
      resourceBody: part as never,
    }),
  );
  const answers = await bulk(container, writes, 'change the registry');
  const refused = answers.find(({ statusCode }) => statusCode >= 300);
  if (refused) throw new Error(`Cosmos DB refuses a part of the registry with ${refused.statusCode}`);
}

/** False where another append came first. */
async function append(
  container: Container,
  before: number,
  what: Pick<Append, 'count' | 'changedAt' | 'by' | 'lines' | 'parts'>,
): Promise<boolean> {
  const first = before + 1;
  const entry: Append = { id: documentId(first), list: LIST, first, ...what };
  const head: Head = { id: HEAD, list: LIST, version: before + what.count, first: 0 };
  const operations: OperationInput[] = [
    { operationType: 'Create', resourceBody: entry as never },
    { operationType: 'Upsert', resourceBody: head as never },
  ];
  try {
    const { code, result } = await request('change the registry', (abortSignal) =>
      container.items.batch(operations, LIST, { abortSignal }),
    );
    if (code === 200) return true;
    const status = result?.find(({ statusCode }) => statusCode !== 424)?.statusCode ?? code ?? 0;
    if (status === 409) return isOwn(container, entry);
    if (isPassingStatus(status)) throw new StoreUnavailable(`could not change the registry: ${status}`);
    throw new Error(`Cosmos DB refuses a change of the registry with ${status}`);
  } catch (error) {
    if ((error as { code?: unknown }).code === 409) return isOwn(container, entry);
    throw error;
  }
}

/** A conflict with what an earlier try of the same request has written is none. */
async function isOwn(container: Container, entry: Append): Promise<boolean> {
  const { resource } = await request('read the registry', (abortSignal) =>
    container.item(entry.id, LIST).read<Append>({ abortSignal }),
  );
  return resource?.by === entry.by;
}

async function readLines(container: Container, after: number): Promise<RegistryChange[]> {
  const query = {
    query: 'SELECT * FROM c WHERE c.first > @after',
    parameters: [{ name: '@after', value: after }],
  };
  const appends: Append[] = [];
  for await (const found of queryItems<Append>(container, query, LIST)) appends.push(found);
  appends.sort((a, b) => a.first - b.first);
  const changes: RegistryChange[] = [];
  for (const { first, changedAt, lines, parts } of appends) {
    // Written between two pages: it is read the next time.
    if (first !== after + changes.length + 1) break;
    const all = lines ?? (await readParts(container, parts!));
    for (const [i, line] of all.entries()) changes.push({ ...line, version: first + i, changedAt });
  }
  return changes;
}

async function readParts(container: Container, parts: readonly string[]): Promise<NewRegistryChange[]> {
  const reads = parts.map(
    (partitionKey): OperationInput => ({ operationType: 'Read', id: 'part', partitionKey }),
  );
  const answers = await bulk(container, reads, 'read the registry');
  return answers.flatMap(({ statusCode, resourceBody }) => {
    if (statusCode !== 200) throw new Error(`a part of the registry can not be read: ${statusCode}`);
    return (resourceBody as unknown as Part).lines;
  });
}
