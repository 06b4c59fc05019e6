/** What goes back over HTTP. `body` is made JSON; undefined for an empty one. */
export interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Ends a request from any depth, in the service's words: the SDK reads `code` from them. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export function refuse(status: number, code: string, message: string): never {
  throw new Refused(status, code, message);
}

/** `name`: the operation that this endpoint does not have. */
export function notImplemented(name: string): never {
  return refuse(501, 'NotImplemented', `not implemented by the local IoT Hub: ${name}`);
}

export function refusalAnswer({ status, code, message }: Refused): Answer {
  return { status, body: { Message: `ErrorCode:${code};${message}`, ExceptionMessage: '' } };
}

/** `If-Match` without its quotes; undefined where there is none. */
export function ifMatch(header: string | undefined): string | undefined {
  return header?.replace(/^"(.*)"$/, '$1');
}
