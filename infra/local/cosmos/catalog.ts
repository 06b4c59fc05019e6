import type { DatabaseSync } from 'node:sqlite';
import { type Answer, json, notImplemented, refuse } from './answer.ts';
import { type Container, type ContainerDefinition, openContainer } from './container.ts';
import { newEtag } from './etag.ts';
import { defaultIndexingPolicy } from './indexing-policy.ts';
import { resourceId } from './resource-ids.ts';
import { transaction } from './storage.ts';

interface DatabaseRow {
  n: number;
  id: string;
  etag: string;
  ts: number;
}

interface ContainerRow extends DatabaseRow {
  database: number;
  definition: string;
}

/** Databases and their containers. `now`: milliseconds. */
export function catalog(db: DatabaseSync, now: () => number) {
  const open = new Map<string, Container>();
  const sql = {
    databases: db.prepare('SELECT * FROM databases ORDER BY n'),
    database: db.prepare('SELECT * FROM databases WHERE id = ?'),
    addDatabase: db.prepare('INSERT INTO databases (id, etag, ts) VALUES (?, ?, ?)'),
    dropDatabase: db.prepare('DELETE FROM databases WHERE n = ?'),
    containers: db.prepare('SELECT * FROM containers WHERE database = ? ORDER BY n'),
    container: db.prepare('SELECT * FROM containers WHERE database = ? AND id = ?'),
    addContainer: db.prepare(
      'INSERT INTO containers (database, id, definition, etag, ts) VALUES (?, ?, ?, ?, ?)',
    ),
    changeContainer: db.prepare('UPDATE containers SET definition = ?, etag = ?, ts = ? WHERE n = ?'),
    dropContainer: db.prepare('DELETE FROM containers WHERE n = ?'),
  };

  const seconds = () => Math.floor(now() / 1000);
  const database = (id: string): DatabaseRow =>
    (sql.database.get(id) as DatabaseRow | undefined) ?? refuse(404, `Database ${id} is not found.`);
  const containerRow = (databaseId: string, id: string, substatus?: number): ContainerRow =>
    (sql.container.get(database(databaseId).n, id) as ContainerRow | undefined) ??
    refuse(404, `Container ${id} is not found in database ${databaseId}.`, substatus);

  const container = (databaseId: string, id: string): Container => {
    const name = JSON.stringify([databaseId, id]);
    let found = open.get(name);
    if (found === undefined) {
      const row = containerRow(databaseId, id, OWNER_NOT_FOUND);
      found = openContainer(db, row.database, row.n, JSON.parse(row.definition) as ContainerDefinition, now);
      open.set(name, found);
    }
    return found;
  };
  const dropContainer = (databaseId: string, row: ContainerRow) => {
    container(databaseId, row.id).drop();
    open.delete(JSON.stringify([databaseId, row.id]));
    sql.dropContainer.run(row.n);
  };

  return {
    container,

    /** Those that have been used since the start. */
    openContainers: () => [...open.values()],

    listDatabases: (): Answer => {
      const rows = sql.databases.all() as unknown as DatabaseRow[];
      return json(200, { _rid: '', Databases: rows.map(databaseBody), _count: rows.length }, charge(2));
    },
    readDatabase: (id: string): Answer => resource(200, databaseBody(database(id))),
    createDatabase: (body: unknown): Answer => {
      const id = resourceName(body);
      if (sql.database.get(id)) refuse(409, `Database ${id} already exists.`);
      sql.addDatabase.run(id, newEtag(), seconds());
      return resource(201, databaseBody(database(id)));
    },
    deleteDatabase: (id: string): Answer => {
      const { n } = database(id);
      transaction(db, () => {
        for (const row of sql.containers.all(n) as unknown as ContainerRow[]) dropContainer(id, row);
        sql.dropDatabase.run(n);
      });
      return { status: 204, body: null, headers: charge(5) };
    },

    listContainers: (databaseId: string): Answer => {
      const { n } = database(databaseId);
      const rows = sql.containers.all(n) as unknown as ContainerRow[];
      return json(
        200,
        { _rid: resourceId(n), DocumentCollections: rows.map(containerBody), _count: rows.length },
        charge(2),
      );
    },
    readContainer: (databaseId: string, id: string): Answer =>
      resource(200, containerBody(containerRow(databaseId, id))),
    createContainer: (databaseId: string, body: unknown): Answer => {
      const id = resourceName(body);
      const parent = database(databaseId);
      if (sql.container.get(parent.n, id)) refuse(409, `Container ${id} already exists.`);
      const definition = definitionOf(body as Partial<ContainerDefinition>, id);
      transaction(db, () => {
        sql.addContainer.run(parent.n, id, JSON.stringify(definition), newEtag(), seconds());
        container(databaseId, id);
      });
      return resource(201, containerBody(containerRow(databaseId, id)));
    },
    replaceContainer: (databaseId: string, id: string, body: unknown): Answer => {
      const row = containerRow(databaseId, id);
      const before = JSON.parse(row.definition) as ContainerDefinition;
      const definition = definitionOf(body as Partial<ContainerDefinition>, id);
      if (JSON.stringify(definition.partitionKey.paths) !== JSON.stringify(before.partitionKey.paths)) {
        refuse(400, 'The partition key of a container cannot be changed.');
      }
      transaction(db, () => {
        sql.changeContainer.run(JSON.stringify(definition), newEtag(), seconds(), row.n);
        container(databaseId, id).redefine(definition);
      });
      return resource(200, containerBody(containerRow(databaseId, id)));
    },
    deleteContainer: (databaseId: string, id: string): Answer => {
      const row = containerRow(databaseId, id);
      transaction(db, () => dropContainer(databaseId, row));
      return { status: 204, body: null, headers: charge(5) };
    },

    /** One physical partition holds everything, as in the service below 10,000 RU/s and 50 GB. */
    partitionKeyRanges: (databaseId: string, id: string): Answer => {
      const row = containerRow(databaseId, id);
      const _rid = resourceId(row.database, row.n);
      const range = {
        _rid: resourceId(row.database, row.n, 0),
        id: '0',
        _etag: row.etag,
        minInclusive: '',
        maxExclusive: 'FF',
        ridPrefix: 0,
        throughputFraction: 1,
        status: 'online',
        parents: [],
        _ts: row.ts,
      };
      return json(200, { _rid, PartitionKeyRanges: [range], _count: 1 }, charge(1));
    },
  };
}

/** Tells a missing container from a missing item. */
const OWNER_NOT_FOUND = 1003;

export type Catalog = ReturnType<typeof catalog>;

function resource(status: number, body: { _etag: string }): Answer {
  return json(status, body, { etag: body._etag, ...charge(status === 201 ? 5 : 1) });
}

function charge(requestUnits: number): Answer['headers'] {
  return { 'x-ms-request-charge': requestUnits };
}

function databaseBody({ n, id, etag, ts }: DatabaseRow) {
  const _rid = resourceId(n);
  return { id, _rid, _self: `dbs/${_rid}/`, _etag: etag, _colls: 'colls/', _users: 'users/', _ts: ts };
}

function containerBody({ database, n, definition, etag, ts }: ContainerRow) {
  const _rid = resourceId(database, n);
  return {
    ...(JSON.parse(definition) as ContainerDefinition),
    _rid,
    _self: `dbs/${resourceId(database)}/colls/${_rid}/`,
    _etag: etag,
    _ts: ts,
    _docs: 'docs/',
    _sprocs: 'sprocs/',
    _triggers: 'triggers/',
    _udfs: 'udfs/',
    _conflicts: 'conflicts/',
  };
}

const NAME_MAX_LENGTH = 255;

function resourceName(body: unknown): string {
  const id = (body as { id?: unknown } | null)?.id;
  if (typeof id !== 'string' || id === '' || id.length > NAME_MAX_LENGTH || /[/\\?#]/.test(id)) {
    refuse(
      400,
      'The input name is invalid. Ensure to provide a unique non-empty string without /, \\, ?, #.',
    );
  }
  return id;
}

const definitionProperties = new Set(['id', 'partitionKey', 'indexingPolicy', 'defaultTtl']);
const indexingProperties = new Set([
  'indexingMode',
  'automatic',
  'includedPaths',
  'excludedPaths',
  'compositeIndexes',
]);

/** What is not kept would be silently without effect: it is refused by name instead. */
function refuseUnknown(definition: object, known: ReadonlySet<string>, where: string): void {
  for (const [name, value] of Object.entries(definition)) {
    if (known.has(name) || name.startsWith('_') || value === undefined || value === null) continue;
    if (Array.isArray(value) && value.length === 0) continue;
    notImplemented(`${where} ${name}`);
  }
}

function definitionOf(body: Partial<ContainerDefinition>, id: string): ContainerDefinition {
  const paths = body.partitionKey?.paths;
  if (
    !Array.isArray(paths) ||
    paths.length === 0 ||
    paths.length > 3 ||
    !paths.every((p) => /^\/[^/]/.test(p))
  ) {
    refuse(400, 'The partition key definition is missing or invalid.');
  }
  refuseUnknown(body, definitionProperties, 'container property');
  refuseUnknown(body.indexingPolicy ?? {}, indexingProperties, 'indexing policy');
  const mode = body.indexingPolicy?.indexingMode?.toLowerCase() ?? 'consistent';
  if (mode !== 'consistent' && mode !== 'none') notImplemented(`indexing mode ${mode}`);
  const ttl = body.defaultTtl;
  if (ttl !== undefined && ttl !== null && !(Number.isInteger(ttl) && (ttl === -1 || ttl > 0))) {
    refuse(400, "The value of property 'defaultTtl' must be -1 or a positive number of seconds.");
  }
  return {
    id,
    indexingPolicy: body.indexingPolicy ?? defaultIndexingPolicy,
    partitionKey: { paths, kind: paths.length > 1 ? 'MultiHash' : 'Hash', version: 2, ...body.partitionKey },
    ...(typeof ttl === 'number' ? { defaultTtl: ttl } : {}),
  };
}
