import type { AmqpError } from 'rhea';

/** Conditions as the service sends them; @azure/core-amqp turns them into its error codes. */
export type Condition =
  | 'amqp:decode-error'
  | 'amqp:internal-error'
  | 'amqp:link:message-size-exceeded'
  | 'amqp:link:stolen'
  | 'amqp:not-found'
  | 'amqp:not-implemented'
  | 'amqp:resource-limit-exceeded'
  | 'amqp:unauthorized-access'
  | 'com.microsoft:argument-error'
  | 'com.microsoft:argument-out-of-range'
  | 'com.microsoft:server-busy';

/** What a request is refused with: a condition on a link, a status on $cbs and $management. */
export interface Refusal {
  condition: Condition;
  description: string;
}

const statuses: Record<Condition, number> = {
  'amqp:decode-error': 400,
  'amqp:internal-error': 500,
  'amqp:link:message-size-exceeded': 403,
  'amqp:link:stolen': 410,
  'amqp:not-found': 404,
  'amqp:not-implemented': 501,
  'amqp:resource-limit-exceeded': 403,
  'amqp:unauthorized-access': 401,
  'com.microsoft:argument-error': 400,
  'com.microsoft:argument-out-of-range': 400,
  'com.microsoft:server-busy': 503,
};

export const statusOf = (refusal: Refusal): number => statuses[refusal.condition];

export const refusal = (condition: Condition, description: string): Refusal => ({ condition, description });

export const notImplemented = (what: string): Refusal =>
  refusal('amqp:not-implemented', `the local Event Hubs endpoint does not implement ${what}`);

export const notFound = (entity: string): Refusal =>
  refusal('amqp:not-found', `The messaging entity '${entity}' could not be found.`);

export const serverBusy: Refusal = refusal(
  'com.microsoft:server-busy',
  'The request was terminated because the entity is being throttled. Error code : 50002. Please wait 4 seconds and try again.',
);

export const isRefusal = (value: object): value is Refusal => 'condition' in value;

export const asAmqpError = ({ condition, description }: Refusal): AmqpError => ({ condition, description });
