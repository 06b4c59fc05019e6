import { notImplemented, type Refusal } from './amqp-error.ts';

/** Where a link leads: $cbs, $management, a hub, one of its partitions, or a partition as a consumer group sees it. */
export type Address =
  | { node: '$cbs' }
  | { node: '$management' }
  | { node: 'hub'; hub: string }
  | { node: 'partition'; hub: string; partition: string }
  | { node: 'consumers'; hub: string; consumerGroup: string; partition: string };

/** Names are compared without case, as the service does. */
export function parseAddress(text: string): Address | Refusal {
  if (text === '$cbs') return { node: '$cbs' };
  if (text === '$management' || text.endsWith('/$management')) return { node: '$management' };
  const [hub = '', ...rest] = text.split('/');
  const names = rest.map((part, i) => (i % 2 === 0 ? part.toLowerCase() : part));
  if (names.length === 0 && hub !== '') return { node: 'hub', hub };
  if (names.length === 2 && names[0] === 'partitions')
    return { node: 'partition', hub, partition: names[1]! };
  if (names.length === 4 && names[0] === 'consumergroups' && names[2] === 'partitions')
    return { node: 'consumers', hub, consumerGroup: names[1]!, partition: names[3]! };
  return notImplemented(`links to '${text}'`);
}

/** The part of an audience after the host, in lower case: what a token gives access to. */
export function pathOfAudience(audience: string): string {
  const path = /^[a-z]+:\/\/[^/]*\/?(.*)$/i.exec(audience)?.[1] ?? audience;
  return path.replace(/\/$/, '').toLowerCase();
}
