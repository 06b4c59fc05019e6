/** One open connection of one device. */
export interface Connection {
  /** Resolves when the receiver has acknowledged. @throws when it did not, for whatever reason. */
  send(payload: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** @throws when the receiver can not be reached or refuses the device. */
export type Connect = () => Promise<Connection>;
