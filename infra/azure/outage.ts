import { StoreUnavailable } from '#domain/store.ts';

/**
 * A failure that waiting may mend (network, throttling, a server's own fault) as StoreUnavailable; any other as it
 * came. `what` says in a few words what could not be done. For errors of @azure/cosmos, storage and core alike.
 */
export function asOutage(error: unknown, what: string): unknown {
  if (!isOutage(error)) return error;
  const detail = error instanceof Error && error.message ? error.message.split('\n')[0] : String(error);
  return new StoreUnavailable(`could not ${what}: ${detail}`, { cause: error });
}

/** Request timeout, the key's range is moving, too many requests, retry with, and the server's own. */
const passingStatus = new Set([408, 410, 429, 449, 500, 502, 503, 504]);

const networkCodes =
  /^(E(CONNREFUSED|CONNRESET|CONNABORTED|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|AI_AGAIN)|ENOTFOUND|UND_ERR_\w+|REQUEST_SEND_ERROR|TimeoutError|PARSE_ERROR)$/;

export function isPassingStatus(status: number): boolean {
  return passingStatus.has(status);
}

function isOutage(error: unknown): boolean {
  const { name, code, statusCode, cause } = error as Record<
    'name' | 'code' | 'statusCode' | 'cause',
    unknown
  >;
  // A request that the SDK, or a deadline, has given up on.
  if (name === 'AbortError') return true;
  if (typeof statusCode === 'number') return passingStatus.has(statusCode);
  if (typeof code === 'number') return passingStatus.has(code);
  if (typeof code === 'string' && networkCodes.test(code)) return true;
  return cause instanceof Error && isOutage(cause);
}
