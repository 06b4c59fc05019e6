import { OperatorFault } from './config.ts';

/** What an operator can do about an error of `azure-iothub`. `task`: what was to be done, as in "could not ...". */
export function hubFault(error: unknown, task: string): OperatorFault {
  if (error instanceof OperatorFault) return error;
  const { name, message, code } = error as Error & { code?: string };
  const detail = `${name}: ${message}`.slice(0, 300);
  const fault = (hint: string) => new OperatorFault(`could not ${task}`, detail, hint, 3);
  if (name === 'UnauthorizedError')
    return fault("is the key in iotHub.connectionString the policy's, and this machine's clock right?");
  if (name === 'DeviceNotFoundError') return fault('`headway device sync-hub` creates it in the hub');
  if (name === 'ThrottlingError') return fault('the hub has had enough for now: try again in a minute');
  if (name === 'ArgumentError' && /connection string/i.test(message))
    return fault('it is HostName=...;SharedAccessKeyName=...;SharedAccessKey=...');
  if (code !== undefined && unreachable.has(code))
    return fault('is HostName in iotHub.connectionString right, and is there a way to it?');
  return fault('what was done before stays: run it again');
}

const unreachable = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ECONNRESET',
]);
