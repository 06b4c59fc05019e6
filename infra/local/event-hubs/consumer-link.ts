import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Sender } from 'rhea';
import { asAmqpError, type Refusal, refusal } from './amqp-error.ts';
import type { HubPartition } from './hub-partition.ts';
import type { Peer } from './peer.ts';
import { roomOf } from './rhea-server.ts';
import { messageOfRecord } from './stored-event.ts';

/** A consumer of one partition in one group; `epoch` is its owner level, if it has one. */
export interface ConsumerLink {
  epoch: number | undefined;
  disconnect(reason: Refusal): void;
}

const MOST_WITHOUT_EPOCH = 5;

/**
 * The service's rules for a group's consumers of a partition: one with an owner level throws off those with none or
 * none greater, and keeps lower ones out; without owner levels there may be five.
 */
export function refuseConsumer(
  others: ReadonlySet<ConsumerLink>,
  epoch: number | undefined,
): Refusal | undefined {
  const highest = Math.max(-1, ...[...others].map((other) => other.epoch ?? -1));
  if (epoch === undefined) {
    if (highest >= 0)
      return stolen(
        `At least one receiver for the endpoint is created with epoch of '${highest}', and so non-epoch receiver is not allowed. Either reconnect with a higher epoch, or make sure all epoch receivers are closed or disconnected.`,
      );
    if (others.size >= MOST_WITHOUT_EPOCH)
      return refusal(
        'amqp:resource-limit-exceeded',
        `Exceeded the maximum number of allowed receivers per partition in a consumer group which is ${MOST_WITHOUT_EPOCH}.`,
      );
    return undefined;
  }
  if (highest > epoch)
    return stolen(
      `Receiver 'nil' with a higher epoch '${highest}' already exists. Receiver 'nil' with epoch ${epoch} cannot be created. Make sure you are creating receiver with increasing epoch value to ensure connectivity, or ensure all old epoch receivers are closed or disconnected.`,
    );
  for (const other of [...others])
    other.disconnect(
      stolen(
        `New receiver 'nil' with higher epoch of '${epoch}' is created hence current receiver 'nil' with epoch '${other.epoch ?? ''}' is getting disconnected. If you are recreating the receiver, make sure a higher epoch is used.`,
      ),
    );
  return undefined;
}

const stolen = (description: string): Refusal => refusal('amqp:link:stolen', description);

const CORKED_BYTES = 1024 * 1024;

/** Sends a partition's events from `after` on as the consumer gives credit and its socket takes them. */
export async function deliver(
  link: Sender,
  partition: HubPartition,
  after: number,
  peer: Peer,
  signal: AbortSignal,
): Promise<void> {
  let tag = 0;
  for await (const { records } of partition.read(after, signal)) {
    let next = 0;
    while (next < records.length) {
      await creditOf(link, peer, signal);
      if (signal.aborted) return;
      const room = Math.min(roomOf(link), records.length - next);
      peer.socket.cork();
      for (let bytes = 0, sent = 0; sent < room && bytes < CORKED_BYTES; sent++) {
        const message = messageOfRecord(records[next++]!);
        const deliveryTag = Buffer.allocUnsafe(4);
        deliveryTag.writeUInt32BE(tag++ >>> 0);
        link.send(message, deliveryTag, 0);
        bytes += message.length;
      }
      // rhea writes its frames, and counts the credit down, before the next turn of the loop.
      await nextTurn();
      peer.socket.uncork();
    }
  }
}

/** Resolves when there is credit and room to send, or on abort. */
async function creditOf(link: Sender, peer: Peer, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (peer.socket.writableLength >= CORKED_BYTES) await once(peer.socket, 'drain', signal);
    else if (roomOf(link) > 0) return;
    else await once(link, 'sender_flow', signal);
  }
}

function once(
  from: {
    once(event: string, listener: () => void): unknown;
    off(event: string, listener: () => void): unknown;
  },
  event: string,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      from.off(event, done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    from.once(event, done);
    signal.addEventListener('abort', done, { once: true });
  });
}

export const closeWith = (link: Sender, reason: Refusal): void => link.close(asAmqpError(reason));
