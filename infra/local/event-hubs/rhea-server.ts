import type { Socket } from 'node:net';
import rhea, { type Connection, type ConnectionOptions, type Receiver, type Sender } from 'rhea';

export type { EventContext } from 'rhea';

/**
 * What rhea does as a server and its types leave out. A link has not answered its attach yet when its open event
 * comes: what is set here goes into the answer.
 */
interface ServerLink {
  local: { attach: { snd_settle_mode?: number; max_message_size?: number } };
}
interface ServerSender {
  credit: number;
  session: { outgoing: { available(): number } };
}

const IDLE_TIMEOUT_MS = 240_000;
const MAX_FRAME_BYTES = 64 * 1024;

const container = rhea.create_container({
  id: 'headway-local-event-hubs',
  autoaccept: false,
  credit_window: 0,
});
container.sasl_server_mechanisms.enable_anonymous();
// A peer that breaks the protocol loses its connection, which rhea has closed by then; nothing else depends on it.
container.on('error', () => {});
container.on('protocol_error', () => {});

/** rhea writes frame by frame; what follows from one read of the socket leaves in one write. */
export function acceptConnection(socket: Socket): Connection {
  socket.on('data', () => {
    socket.cork();
    setImmediate(() => socket.uncork());
  });
  const connection = container.create_connection({
    max_frame_size: MAX_FRAME_BYTES,
    idle_time_out: IDLE_TIMEOUT_MS,
  } as ConnectionOptions);
  (connection as unknown as { accept(socket: Socket): void }).accept(socket);
  return connection;
}

/** Deliveries on the link are settled as they are sent, as the service does. */
export function answerSender(link: Sender): void {
  (link as unknown as ServerLink).local.attach.snd_settle_mode = 1;
  link.set_source(link.source);
  if (link.target) link.set_target(link.target);
}

export function answerReceiver(link: Receiver, maxMessageBytes: number): void {
  (link as unknown as ServerLink).local.attach.max_message_size = maxMessageBytes;
  link.set_target(link.target);
  if (link.source) link.set_source(link.source);
}

/** Messages that may be sent now: what the peer gave credit for, and what rhea has room for. */
export function roomOf(link: Sender): number {
  const { credit, session } = link as unknown as ServerSender;
  return Math.min(credit, session.outgoing.available());
}

export const { encode: encodeMessage, data_section: dataSection } = rhea.message;
