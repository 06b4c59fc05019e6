import { notImplemented } from './answer.ts';
import type { Container } from './container.ts';
import { newEtag } from './etag.ts';
import { indexedPathCount } from './indexing-policy.ts';
import { type Item, type StoredItem, systemProperties } from './item.ts';
import { partitionKeyOf } from './partition-key.ts';
import { applyPatch } from './patch.ts';
import { EMPTY_CHARGE, readCharge, writeCharge } from './request-charge.ts';

/** What became of one operation on one item. `body` is JSON text. */
export interface Outcome {
  status: number;
  charge: number;
  substatus?: number;
  message?: string;
  etag?: string;
  body?: string;
  retryAfterMs?: number;
}

export interface Conditions {
  ifMatch?: string | undefined;
  ifNoneMatch?: string | undefined;
}

const MAX_ITEM_BYTES = 2 * 1024 * 1024;
const MAX_ID_BYTES = 1023;
const MAX_KEY_BYTES = 2048;

const notFound: Outcome = {
  status: 404,
  charge: EMPTY_CHARGE,
  message: 'Entity with the specified id does not exist in the system.',
};
const preconditionFailed: Outcome = {
  status: 412,
  charge: EMPTY_CHARGE,
  message: 'Operation cannot be performed because one of the specified precondition is not met.',
};

/** `pk`: the partition key as the client gave it, null when the item's own is to be taken. `nowMs`: for `_ts`. */
export function createItem(
  container: Container,
  item: unknown,
  pk: string | null,
  nowMs: number,
  { upsert, ifMatch, ifNoneMatch }: { upsert: boolean } & Conditions,
): Outcome {
  if (ifNoneMatch !== undefined) notImplemented('If-None-Match on a write');
  const checked = check(container, item, pk);
  if ('status' in checked) return checked;
  const present = container.get(checked.pk, checked.id);
  if (present === undefined) {
    const stored = { ...checked.row, pk: checked.pk, id: checked.id, etag: newEtag(), ts: seconds(nowMs) };
    const n = container.insert(stored, checked.ttlS);
    return written(container, { ...stored, n }, 201);
  }
  if (!upsert) {
    return {
      status: 409,
      charge: EMPTY_CHARGE,
      message: 'Entity with the specified id already exists in the system.',
    };
  }
  if (!matches(ifMatch, present)) return preconditionFailed;
  return overwrite(container, present, checked, nowMs);
}

export function readItem(container: Container, pk: string, id: string, { ifNoneMatch }: Conditions): Outcome {
  const present = container.get(pk, id);
  if (present === undefined) return notFound;
  if (ifNoneMatch === present.etag) return { status: 304, charge: EMPTY_CHARGE, etag: present.etag };
  const charge = readCharge(present.body.length);
  return { status: 200, charge, etag: present.etag, body: container.text(present) };
}

export function replaceItem(
  container: Container,
  item: unknown,
  pk: string,
  id: string,
  nowMs: number,
  { ifMatch }: Conditions,
): Outcome {
  const checked = check(container, item, pk);
  if ('status' in checked) return checked;
  const present = container.get(pk, id);
  if (present === undefined) return notFound;
  if (!matches(ifMatch, present)) return preconditionFailed;
  if (checked.id !== id)
    return { status: 400, charge: EMPTY_CHARGE, message: 'The id of an item cannot be changed.' };
  return overwrite(container, present, checked, nowMs);
}

export function deleteItem(container: Container, pk: string, id: string, { ifMatch }: Conditions): Outcome {
  const present = container.get(pk, id);
  if (present === undefined) return notFound;
  if (!matches(ifMatch, present)) return preconditionFailed;
  container.remove(present);
  return { status: 204, charge: charged(container, present.body) };
}

/** `patch`: a bare list of operations, or `{ operations }` with them. */
export function patchItem(
  container: Container,
  patch: unknown,
  pk: string,
  id: string,
  nowMs: number,
  { ifMatch }: Conditions,
): Outcome {
  const present = container.get(pk, id);
  if (present === undefined) return notFound;
  if (!matches(ifMatch, present)) return preconditionFailed;
  const item = JSON.parse(present.body) as Item;
  const fault = applyPatch(item, patch);
  if (fault !== null) return { status: 400, charge: EMPTY_CHARGE, message: fault };
  return replaceItem(container, item, pk, id, nowMs, {});
}

interface Checked {
  pk: string;
  id: string;
  ttlS: number | null;
  row: { body: string };
}

function check(container: Container, given: unknown, pk: string | null): Checked | Outcome {
  const bad = (message: string, status = 400, substatus?: number): Outcome => ({
    status,
    charge: EMPTY_CHARGE,
    message,
    ...(substatus === undefined ? {} : { substatus }),
  });
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return bad('The input content is invalid.');
  const item = given as Item;
  const { id, ttl } = item;
  if (typeof id !== 'string' || id === '') {
    return bad("The input content is invalid because the required property 'id' is missing or not a string.");
  }
  if (Buffer.byteLength(id) > MAX_ID_BYTES || /[/\\?#]/.test(id)) {
    return bad(`Id '${id.slice(0, 80)}' is invalid: at most ${MAX_ID_BYTES} bytes, without /, \\, ?, #.`);
  }
  if (ttl !== undefined && !(Number.isInteger(ttl) && (ttl === -1 || (ttl as number) > 0))) {
    return bad(`The input ttl '${String(ttl)}' is invalid: -1 or a positive number of seconds.`);
  }
  const own = partitionKeyOf(item, container.keyPaths);
  if (pk !== null && pk !== own) {
    return bad(
      `PartitionKey extracted from document (${own}) doesn't match the one specified in the header (${pk}).`,
      400,
      1001,
    );
  }
  if (Buffer.byteLength(own) > MAX_KEY_BYTES) return bad('The partition key is longer than 2048 bytes.');
  for (const name of systemProperties) delete item[name];
  const body = JSON.stringify(item);
  if (body.length > MAX_ITEM_BYTES || Buffer.byteLength(body) > MAX_ITEM_BYTES) {
    return bad('Request size is too large: an item is at most 2 MB.', 413);
  }
  return { pk: own, id, ttlS: (ttl as number | undefined) ?? null, row: { body } };
}

function overwrite(
  container: Container,
  present: StoredItem,
  { row, ttlS }: Checked,
  nowMs: number,
): Outcome {
  const item = { ...present, ...row, etag: newEtag(), ts: seconds(nowMs) };
  container.update(item, ttlS);
  return written(container, item, 200);
}

function written(container: Container, item: StoredItem, status: number): Outcome {
  return { status, charge: charged(container, item.body), etag: item.etag, body: container.text(item) };
}

function charged(container: Container, body: string): number {
  // A value follows each colon outside of strings: near enough for an estimate, without reading the document again.
  const leaves = body.split('":').length - 1;
  return writeCharge(body.length, indexedPathCount(container.definition.indexingPolicy, leaves));
}

function matches(etag: string | undefined, present: StoredItem): boolean {
  return etag === undefined || etag === '*' || etag === present.etag;
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}
