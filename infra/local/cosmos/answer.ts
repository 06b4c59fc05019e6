/** What goes back over HTTP: `body` is JSON text, null for an empty one. */
export interface Answer {
  status: number;
  body: string | null;
  headers: Record<string, string | number>;
}

export function json(status: number, body: unknown, headers: Answer['headers'] = {}): Answer {
  return { status, body: JSON.stringify(body), headers };
}

/** Why a request is not done: the service's status, sub-status and words. */
export interface Refusal {
  status: number;
  substatus?: number;
  message: string;
  retryAfterMs?: number;
}

/** Ends a request from any depth; inside a batch the refusal is a value of its operation instead. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

export function refuse(status: number, message: string, substatus?: number): never {
  throw new Refused({ status, message, ...(substatus === undefined ? {} : { substatus }) });
}

/** `name`: the operation or query construct that this endpoint does not have. */
export function notImplemented(name: string): never {
  refuse(501, `not implemented by the local Cosmos DB endpoint: ${name}`);
}

const codes: Record<number, string> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  408: 'RequestTimeout',
  409: 'Conflict',
  412: 'PreconditionFailed',
  413: 'RequestEntityTooLarge',
  424: 'FailedDependency',
  429: 'TooManyRequests',
  500: 'InternalServerError',
  501: 'NotImplemented',
};

export function refusalAnswer(refusal: Refusal): Answer {
  const headers: Answer['headers'] = {};
  if (refusal.substatus !== undefined) headers['x-ms-substatus'] = refusal.substatus;
  if (refusal.retryAfterMs !== undefined) headers['x-ms-retry-after-ms'] = refusal.retryAfterMs;
  return json(refusal.status, { code: codes[refusal.status] ?? 'Error', message: refusal.message }, headers);
}
