import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { DeviceHub } from '../../../domain/devices/device-hub.ts';
import { type Answer, notImplemented, Refused, refusalAnswer, refuse } from './answer.ts';
import { authorize, type SharedAccessPolicy } from './authorization.ts';
import { deviceOperations } from './device-operations.ts';
import type { Identities } from './identities.ts';
import { twinOperations } from './twin-operations.ts';

/** What the service side shares with the device side, whoever is that. */
export interface LocalHubParts {
  identities: Identities;
  hub: DeviceHub;
  /** A device that was deleted: its twin and messages go. */
  forget(deviceId: string): Promise<void>;
  /** Milliseconds. */
  clock: () => number;
}

export interface LocalIotHubOptions extends LocalHubParts {
  host?: string;
  /** 0: a free one. */
  port: number;
  /** PEM. Clients must trust who signed `cert`. */
  tls: { key: string; cert: string };
  policy: SharedAccessPolicy;
  /** The hub's own name, beside localhost. */
  hubName: string;
}

export interface LocalIotHub {
  /** With a port in its HostName: the SDK needs an agent for it, see infra/iot-hub/hub-registry.ts. */
  connectionString: string;
  port: number;
  close(): Promise<void>;
}

/**
 * A local endpoint that speaks IoT Hub's service REST (devices, twins, direct methods) as far as Headway and
 * `azure-iothub`'s Registry use it; 501 for the rest, by name. It has no AMQP: `Client.send` is not answered.
 */
export async function startLocalIotHub(options: LocalIotHubOptions): Promise<LocalIotHub> {
  const { host = '127.0.0.1', port, tls, policy, hubName, clock } = options;
  const answerTo = router(options);
  const isThisHub = (name: string) => name === hubName.toLowerCase() || /^localhost(:\d+)?$/.test(name);
  const server = createServer({ key: tls.key, cert: tls.cert }, (request, response) => {
    respond(request, response, async (body) => {
      authorize(request.headers.authorization, policy, isThisHub, clock());
      return answerTo(request, body);
    });
  });
  // Longer than clients keep a connection: otherwise one is closed in the very moment in which it is used again.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const opened = (server.address() as AddressInfo).port;
  return {
    connectionString: `HostName=localhost:${opened};SharedAccessKeyName=${policy.name};SharedAccessKey=${policy.key}`,
    port: opened,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function router(parts: LocalHubParts) {
  const devices = deviceOperations(parts);
  const twins = twinOperations(parts, devices.known);
  return async (request: IncomingMessage, body: string): Promise<Answer> => {
    const method = request.method ?? 'GET';
    const { pathname, searchParams } = new URL(request.url ?? '/', 'https://localhost');
    const [kind, id, ...more] = pathname
      .split('/')
      .filter((part) => part !== '')
      .map(decoded);
    const { 'if-match': etag } = request.headers;
    const operation = `${method} /${[kind, id && '*', ...more].filter(Boolean).join('/')}`;
    if (operation === 'POST /devices/*' && id === 'query') {
      return twins.query(json(body) as { query?: string }, {
        size: headerOf(request, 'x-ms-max-item-count'),
        after: decoded(headerOf(request, 'x-ms-continuation') ?? ''),
      });
    }
    switch (operation) {
      case 'GET /devices':
        return devices.list(searchParams.get('top'));
      case 'POST /devices':
        return devices.bulk(json(body));
      case 'GET /devices/*':
        return devices.get(id!);
      case 'PUT /devices/*':
        return devices.put(id!, json(body) as object, etag);
      case 'DELETE /devices/*':
        return devices.delete(id!, etag);
      case 'GET /twins/*':
        return twins.get(id!);
      case 'PATCH /twins/*':
        return twins.change(id!, 'patch', json(body) as object, etag);
      case 'PUT /twins/*':
        return twins.change(id!, 'replace', json(body) as object, etag);
      case 'POST /twins/*/methods':
        return twins.callMethod(id!, json(body) as object);
      case 'GET /statistics/*':
        return id === 'devices' ? devices.statistics() : notImplemented(`GET /statistics/${id}`);
      default:
        return notImplemented(operation);
    }
  };
}

/** A bulk of 100 devices stays far below. */
const MAX_BODY_BYTES = 1024 * 1024;

function respond(
  request: IncomingMessage,
  response: ServerResponse,
  answerTo: (body: string) => Promise<Answer>,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
    else chunks.length = 0;
  });
  request.on('end', async () => {
    const { status, body, headers } = await answered(() =>
      bytes > MAX_BODY_BYTES
        ? refuse(413, 'RequestEntityTooLarge', `over ${MAX_BODY_BYTES} bytes`)
        : answerTo(Buffer.concat(chunks).toString()),
    );
    const text = body === undefined ? undefined : JSON.stringify(body);
    response.writeHead(status, {
      ...headers,
      ...(text === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }),
      'content-length': Buffer.byteLength(text ?? ''),
    });
    response.end(text);
  });
  request.on('error', () => response.destroy());
}

async function answered(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refused) return refusalAnswer(error);
    console.error('local IoT Hub:', error);
    return refusalAnswer(new Refused(500, 'ServerError', `local endpoint: ${String(error)}`));
  }
}

function json(body: string): unknown {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === 'object' && value !== null) return value;
  } catch {}
  return refuse(400, 'ArgumentInvalid', 'the body is no JSON object or array');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return refuse(400, 'ArgumentInvalid', `${text} is not url-encoded`);
  }
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}
