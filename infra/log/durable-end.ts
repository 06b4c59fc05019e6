import { closeSync, constants, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

/** How far a partition is durable: its last position (-1: none), and where that ends: segment and byte offset. */
export interface DurableEnd {
  position: number;
  base: number;
  offset: number;
}

/**
 * The writer's word to readers in other processes, 28 bytes rewritten in place after each fdatasync. It is not
 * synced itself: after a loss of power it may be old or torn, never ahead of the data.
 */
export interface DurableEndFile {
  publish(end: DurableEnd): void;
  /** Undefined where nothing was published, or it is torn. */
  read(): DurableEnd | undefined;
  sync(): void;
  close(): void;
}

const BYTES = 28;

/** Small synchronous reads and writes of a cached page: cheaper than a trip to the thread pool. */
export function durableEndFile(partitionDirectory: string, mode: 'read' | 'write'): DurableEndFile {
  const flags = mode === 'read' ? constants.O_RDONLY : constants.O_RDWR | constants.O_CREAT;
  const file = openSync(join(partitionDirectory, 'durable'), flags);
  const buffer = Buffer.alloc(BYTES);
  return {
    publish(end) {
      buffer.writeDoubleLE(end.position, 0);
      buffer.writeDoubleLE(end.base, 8);
      buffer.writeDoubleLE(end.offset, 16);
      buffer.writeUInt32LE(crc32(buffer.subarray(0, 24)), 24);
      writeSync(file, buffer, 0, BYTES, 0);
    },
    read() {
      if (readSync(file, buffer, 0, BYTES, 0) < BYTES) return undefined;
      if (crc32(buffer.subarray(0, 24)) !== buffer.readUInt32LE(24)) return undefined;
      return {
        position: buffer.readDoubleLE(0),
        base: buffer.readDoubleLE(8),
        offset: buffer.readDoubleLE(16),
      };
    },
    sync: () => fsyncSync(file),
    close: () => closeSync(file),
  };
}
