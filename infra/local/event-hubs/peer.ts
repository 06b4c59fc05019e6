import type { Socket } from 'node:net';
import type { Connection, Receiver, Sender } from 'rhea';
import type { Claims } from './claims.ts';

/** One accepted connection. */
export interface Peer {
  connection: Connection;
  socket: Socket;
  claims: Claims;
  /** Links on which $cbs and $management answer, by the name that requests give as reply_to. */
  replies: Map<string, Sender>;
  /** What goes on for a link, ended with it. */
  running: Map<Sender | Receiver, AbortController>;
}

export function endLink(peer: Peer, link: Sender | Receiver): void {
  peer.claims.forget(link);
  peer.running.get(link)?.abort();
  peer.running.delete(link);
}
