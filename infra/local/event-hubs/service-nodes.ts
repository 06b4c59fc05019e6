import type { EventContext, Message, Receiver } from 'rhea';
import { pathOfAudience } from './address.ts';
import { isRefusal, notFound, notImplemented, type Refusal, serverBusy, statusOf } from './amqp-error.ts';
import { type Hub, type Hubs, hubNamed } from './hub.ts';
import type { Peer } from './peer.ts';
import { type AccessKey, checkSasToken, unauthorized } from './sas-token.ts';

const CREDIT = 50;

export interface ServiceContext {
  hubs: Hubs;
  access: AccessKey;
  now: () => number;
  throttled: () => boolean;
}

type Answer = { status: number; body?: object };

/** $cbs: takes tokens. */
export function serveClaims(link: Receiver, peer: Peer, service: ServiceContext): void {
  serve(link, peer, (request) => {
    const { operation, type, name } = request.application_properties ?? {};
    if (operation !== 'put-token') return notImplemented(`${operation} on $cbs`);
    if (type !== 'servicebus.windows.net:sastoken') return notImplemented(`tokens of type ${type}`);
    const grant = checkSasToken(String(request.body), service.access, service.now());
    if (isRefusal(grant)) return grant;
    const wanted = pathOfAudience(String(name));
    const granted = pathOfAudience(grant.audience);
    if (wanted !== granted && granted !== '' && !wanted.startsWith(`${granted}/`))
      return unauthorized(`InvalidAudience: the token is for '${grant.audience}', not for '${name}'.`);
    const [hubName = ''] = wanted.split('/');
    if (isRefusal(hubNamed(service.hubs, hubName))) return notFound(String(name));
    peer.claims.put(grant);
    return { status: 202 };
  });
}

/** $management: reads what a hub and its partitions are. */
export function serveManagement(link: Receiver, peer: Peer, service: ServiceContext): void {
  serve(link, peer, async (request) => {
    const { operation, type, name, partition, security_token } = request.application_properties ?? {};
    const grant = checkSasToken(String(security_token), service.access, service.now());
    if (isRefusal(grant)) return grant;
    if (service.throttled()) return serverBusy;
    if (operation !== 'READ') return notImplemented(`${operation} on $management`);
    const hub = hubNamed(service.hubs, String(name));
    if (isRefusal(hub)) return hub;
    if (type === 'com.microsoft:eventhub') return { status: 200, body: describeHub(hub) };
    if (type === 'com.microsoft:partition') return describePartition(hub, String(partition));
    return notImplemented(`reading ${type} on $management`);
  });
}

function describeHub(hub: Hub): object {
  return {
    type: 'com.microsoft:eventhub',
    name: hub.name,
    created_at: new Date(hub.createdAt),
    partition_count: hub.partitions.length,
    partition_ids: hub.partitions.map(({ id }) => id),
    georeplication_factor: 1,
  };
}

async function describePartition(hub: Hub, id: string): Promise<Answer | Refusal> {
  const partition = hub.partition(id);
  if (isRefusal(partition)) return partition;
  const facts = await partition.facts();
  return {
    status: 200,
    body: {
      type: 'com.microsoft:partition',
      name: hub.name,
      partition: id,
      begin_sequence_number: facts.firstSequenceNumber,
      last_enqueued_sequence_number: facts.lastSequenceNumber,
      last_enqueued_offset: facts.lastOffset,
      last_enqueued_time_utc: new Date(facts.lastEnqueuedAt),
      is_partition_empty: facts.lastSequenceNumber < facts.firstSequenceNumber,
    },
  };
}

function serve(
  link: Receiver,
  peer: Peer,
  answerTo: (request: Message) => Promise<Answer | Refusal> | Answer | Refusal,
): void {
  link.on('message', async ({ message, delivery }: EventContext) => {
    delivery!.accept();
    link.add_credit(1);
    const answer = await answerTo(message!);
    const reply = peer.replies.get(String(message!.reply_to));
    if (reply === undefined || !reply.is_open()) return;
    const refused = isRefusal(answer);
    reply.send({
      correlation_id: message!.message_id!,
      application_properties: {
        'status-code': refused ? statusOf(answer) : answer.status,
        'status-description': refused ? answer.description : 'OK',
        ...(refused && { 'error-condition': answer.condition }),
      },
      body: (!refused && answer.body) || {},
    });
  });
  link.add_credit(CREDIT);
}
