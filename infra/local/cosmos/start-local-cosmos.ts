import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Answer, json, notImplemented, Refused, refusalAnswer, refuse } from './answer.ts';
import { authorize } from './authorization.ts';
import { type Catalog, catalog } from './catalog.ts';
import { type DocumentsRequest, documents } from './documents.ts';
import { RequestBudget } from './request-budget.ts';
import { openStorage, transaction } from './storage.ts';

export interface LocalCosmosOptions {
  /** Everything is kept here, in one SQLite file. */
  directory: string;
  /** 0: a free one. */
  port: number;
  /** PEM. Clients must trust who signed `cert`. */
  tls: { key: string; cert: string };
  /** The account's master key, base64. */
  key: string;
  /** Undefined: no limit. */
  requestUnitsPerSecond?: number;
  host?: string;
  /** Milliseconds; for tests of expiry and of clock skew. */
  now?: () => number;
}

export interface LocalCosmos {
  endpoint: string;
  key: string;
  connectionString: string;
  /** From now on: this many request units a second, 429 beyond; undefined: no limit. */
  throttle(requestUnitsPerSecond: number | undefined): void;
  /** Ends open connections too. What was answered is on disk. */
  close(): Promise<void>;
}

const SWEEP_MS = 5_000;
const SWEEP_ITEMS = 2_000;

/** A local endpoint that speaks Cosmos DB's REST protocol for NoSQL, as far as Headway uses it; 501 for the rest. */
export async function startLocalCosmos(options: LocalCosmosOptions): Promise<LocalCosmos> {
  const { directory, port, tls, key, host = '127.0.0.1', now = Date.now } = options;
  const db = openStorage(directory);
  const budget = new RequestBudget();
  budget.limit(options.requestUnitsPerSecond, now());
  const resources = catalog(db, now);
  const keyBytes = Buffer.from(key, 'base64');
  const answer = router(resources, documents(db, budget, now));

  const server = createServer({ key: tls.key, cert: tls.cert }, (request, response) => {
    respond(request, response, (body) => {
      const rawPath = (request.url ?? '/').split('?', 1)[0]!;
      authorize(request, rawPath, keyBytes, now());
      return answer(request, rawPath, body);
    });
  });
  // Longer than clients keep a connection: otherwise one is closed in the very moment in which it is used again.
  server.keepAliveTimeout = 120_000;
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
  } catch (error) {
    db.close();
    throw error;
  }
  const sweeper = setInterval(() => {
    try {
      transaction(db, () => {
        for (const container of resources.openContainers()) container.sweep(SWEEP_ITEMS);
      });
    } catch (error) {
      // Expired items are not seen anyway; a full disk is told to those who write.
      console.error('local Cosmos DB: expired items stay on disk for now:', error);
    }
  }, SWEEP_MS);
  sweeper.unref();

  const endpoint = `https://localhost:${(server.address() as AddressInfo).port}/`;
  return {
    endpoint,
    key,
    connectionString: `AccountEndpoint=${endpoint};AccountKey=${key};`,
    throttle: (requestUnitsPerSecond) => budget.limit(requestUnitsPerSecond, now()),
    close: async () => {
      clearInterval(sweeper);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      db.close();
    },
  };
}

// The largest item is 2 MB; JSON escapes and a batch's own words come on top.
const MAX_BODY_BYTES = 8 * 1024 * 1024;

function respond(
  request: IncomingMessage,
  response: ServerResponse,
  answerTo: (body: string) => Answer,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
    else chunks.length = 0;
  });
  request.on('end', () => {
    let answer: Answer;
    try {
      if (bytes > MAX_BODY_BYTES) refuse(413, 'Request size is too large.');
      answer = answerTo(Buffer.concat(chunks).toString());
    } catch (error) {
      if (!(error instanceof Refused)) console.error('local Cosmos DB:', error);
      answer = refusalAnswer(
        error instanceof Refused
          ? error.refusal
          : { status: 500, message: `local endpoint: ${String(error)}` },
      );
    }
    const headers: Record<string, string | number> = {
      'x-ms-version': '2020-07-15',
      'x-ms-activity-id': randomUUID(),
      'x-ms-request-charge': 0,
      ...answer.headers,
    };
    if (answer.body !== null) {
      headers['content-type'] = 'application/json';
      headers['content-length'] = Buffer.byteLength(answer.body);
    }
    response.writeHead(answer.status, headers);
    response.end(answer.body ?? undefined);
  });
  request.on('error', () => response.destroy());
}

/** By the path: alternating types and names, as in `dbs/city/colls/windows/docs/1`. */
function router(resources: Catalog, docs: (request: DocumentsRequest) => Answer) {
  return (request: IncomingMessage, rawPath: string, body: string): Answer => {
    const method = request.method ?? 'GET';
    const parts = rawPath
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent);
    const [dbs, databaseId, colls, containerId, kind, id, ...more] = parts;
    const shape = [dbs, databaseId && '*', colls, containerId && '*', kind, id && '*', ...more].filter(
      Boolean,
    );
    const operation = `${method} /${shape.join('/')}`;
    if (kind === 'docs' && more.length === 0 && dbs === 'dbs' && colls === 'colls') {
      const container = resources.container(databaseId!, containerId!);
      return docs({ method, headers: request.headers, body, container, id });
    }
    if (request.headers['x-ms-documentdb-isquery'] !== undefined) notImplemented(`query with ${operation}`);
    switch (operation) {
      case 'GET /':
        return account(request.headers.host ?? 'localhost');
      case 'GET /dbs':
        return resources.listDatabases();
      case 'POST /dbs':
        return resources.createDatabase(definition(body));
      case 'GET /dbs/*':
        return resources.readDatabase(databaseId!);
      case 'DELETE /dbs/*':
        return resources.deleteDatabase(databaseId!);
      case 'GET /dbs/*/colls':
        return resources.listContainers(databaseId!);
      case 'POST /dbs/*/colls':
        return resources.createContainer(databaseId!, definition(body));
      case 'GET /dbs/*/colls/*':
        return resources.readContainer(databaseId!, containerId!);
      case 'PUT /dbs/*/colls/*':
        return resources.replaceContainer(databaseId!, containerId!, definition(body));
      case 'DELETE /dbs/*/colls/*':
        return resources.deleteContainer(databaseId!, containerId!);
      case 'GET /dbs/*/colls/*/pkranges':
        return resources.partitionKeyRanges(databaseId!, containerId!);
      default:
        return notImplemented(operation);
    }
  };
}

function definition(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return refuse(400, 'The input content is invalid JSON.');
  }
}

function account(host: string): Answer {
  const location = { name: 'Local', databaseAccountEndpoint: `https://${host}/` };
  return json(200, {
    _self: '',
    id: 'headway-local',
    _rid: 'headway-local',
    media: '//media/',
    addresses: '//addresses/',
    _dbs: '//dbs/',
    writableLocations: [location],
    readableLocations: [location],
    enableMultipleWriteLocations: false,
    userReplicationPolicy: { asyncReplication: false, minReplicaSetSize: 1, maxReplicasetSize: 1 },
    userConsistencyPolicy: { defaultConsistencyLevel: 'Strong' },
    systemReplicationPolicy: { minReplicaSetSize: 1, maxReplicasetSize: 1 },
    readPolicy: { primaryReadCoefficient: 1, secondaryReadCoefficient: 1 },
    queryEngineConfiguration: '{}',
  });
}
