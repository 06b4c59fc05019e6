import type { Delivery, EventContext, Receiver } from 'rhea';
import type { LogEntry } from '../../../domain/log.ts';
import { asAmqpError, type Refusal, refusal, serverBusy } from './amqp-error.ts';
import type { Hub } from './hub.ts';
import type { HubPartition } from './hub-partition.ts';
import type { Peer } from './peer.ts';
import { encodeMessage } from './rhea-server.ts';
import { entriesOfBatch, entryOfMessage, partitionKeyOf } from './stored-event.ts';

export const MAX_MESSAGE_BYTES = 1024 * 1024;
const BATCH_FORMAT = 0x80013700;
const CREDIT = 300;

/** Bytes of a peer that are not durable yet, beyond which its socket is not read. */
const MOST_PENDING_BYTES = 32 * 1024 * 1024;

/** Takes what a producer sends to a hub, or to one partition of it; accepts it once it is durable. */
export function takeEvents(
  link: Receiver,
  peer: Peer,
  hub: Hub,
  fixed: HubPartition | undefined,
  throttled: () => boolean,
): void {
  let pendingBytes = 0;

  link.on('message', ({ message, delivery }: EventContext) => {
    const bytes = delivery!.format === BATCH_FORMAT ? (message as unknown as Buffer) : encodeMessage(message);
    const refused = refuse(bytes) ?? store(bytes, delivery!);
    if (refused !== undefined) settle(delivery!, refused);
  });
  link.add_credit(CREDIT);

  function refuse(bytes: Buffer): Refusal | undefined {
    if (throttled()) return serverBusy;
    if (bytes.length <= MAX_MESSAGE_BYTES) return undefined;
    return refusal(
      'amqp:link:message-size-exceeded',
      `The received message (size:${bytes.length} bytes) exceeds the limit (${MAX_MESSAGE_BYTES} bytes) currently allowed on the link.`,
    );
  }

  function store(bytes: Buffer, delivery: Delivery): Refusal | undefined {
    let partition: HubPartition;
    let entries: LogEntry[];
    try {
      const key = partitionKeyOf(bytes);
      partition = fixed ?? hub.partitionFor(key);
      const at = partition.enqueuedAt();
      entries =
        delivery.format === BATCH_FORMAT ? entriesOfBatch(bytes, at) : [entryOfMessage(bytes, key ?? '', at)];
    } catch (error) {
      return refusal('amqp:decode-error', (error as Error).message);
    }
    pending(bytes.length);
    partition
      .append(entries)
      .then(
        () => undefined,
        (error: Error) => refusal('amqp:internal-error', `The event could not be stored: ${error.message}`),
      )
      .then((refused) => {
        pending(-bytes.length);
        settle(delivery, refused);
      });
    return undefined;
  }

  function pending(bytes: number): void {
    pendingBytes += bytes;
    if (pendingBytes > MOST_PENDING_BYTES) peer.socket.pause();
    else if (peer.socket.isPaused()) peer.socket.resume();
  }

  function settle(delivery: Delivery, refused: Refusal | undefined): void {
    if (link.is_closed()) return;
    if (refused === undefined) delivery.accept();
    else delivery.reject(asAmqpError(refused));
    link.add_credit(1);
  }
}
