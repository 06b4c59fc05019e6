import { mkdir } from 'node:fs/promises';
import type { Instant } from '#domain/instant.ts';
import { type EventLog, type LogEntry, LogUnavailable, partitionOf } from '#domain/log.ts';
import { type DurableEndFile, durableEndFile } from './durable-end.ts';
import { flushWatch } from './durable-watch.ts';
import { type Expired, expireSegments } from './expire-segments.ts';
import { openManifest } from './manifest.ts';
import { type PartitionWriter, partitionWriter } from './partition-writer.ts';
import { readPartition } from './read-partition.ts';
import { MAX_RECORD_BYTES, mostRecordBytes } from './record.ts';
import { recoverTail } from './recover-tail.ts';
import {
  listSegments,
  type OpenSegmentFile,
  openSegmentFile,
  partitionDirectory,
  syncDirectory,
} from './segment-files.ts';
import { appendTicket, completeTicket, type Ticket } from './ticket.ts';

export interface SegmentLogOptions {
  /** The log's own directory; made when missing. */
  directory: string;
  /** Fixed for the life of the directory. */
  partitions: number;
  /** A segment that would grow beyond this is followed by another. */
  segmentBytes?: number;
  /** Of each partition's two buffers; appends wait while both are full. Bounds a record too. */
  bufferBytes?: number;
  openFile?: OpenSegmentFile;
}

export interface SegmentLog extends EventLog {
  /**
   * Deletes whole segments last appended to before `before` that hold nothing after `upTo`, the last exported
   * position of each partition.
   */
  expire(what: { before: Instant; upTo: readonly number[] }): Promise<Expired>;
  /** Bytes of unacknowledged appends that opening cut off, by partition. */
  readonly cutBytes: readonly number[];
}

/** An append that waits for room, from entry `next` on. */
interface Waiting {
  entries: readonly LogEntry[];
  /** Where all of them go; undefined: by their devices. */
  into: number | undefined;
  next: number;
  ticket: Ticket;
}

interface Partition {
  directory: string;
  writer: PartitionWriter;
  watch: ReturnType<typeof flushWatch>;
  durable: DurableEndFile;
  cutBytes: number;
}

/**
 * Opens a log of segment files to write, recovering it first. The caller holds the data directory's lock: there is
 * one writer. @throws Error for another partition count, or a log that can not be read.
 */
export async function openSegmentLog(options: SegmentLogOptions): Promise<SegmentLog> {
  const { directory, segmentBytes = 64 * 1024 * 1024, bufferBytes = MAX_RECORD_BYTES } = options;
  const { partitions: count, salt } = await openManifest(directory, options.partitions);
  const maxRecordBytes = Math.min(bufferBytes, MAX_RECORD_BYTES);
  const waiting: Waiting[] = [];
  let closed = false;

  const partitions: Partition[] = [];
  for (let i = 0; i < count; i++) partitions.push(await openPartition(partitionDirectory(directory, i)));
  await syncDirectory(directory);

  async function openPartition(path: string): Promise<Partition> {
    await mkdir(path, { recursive: true });
    const durable = durableEndFile(path, 'write');
    const { end, fresh, cutBytes } = await recoverTail(path, durable.read(), salt);
    const watch = flushWatch(end);
    const writer = await partitionWriter({
      partitionDirectory: path,
      end,
      fresh,
      salt,
      segmentBytes,
      bufferBytes,
      openFile: options.openFile ?? openSegmentFile,
      onDurable: (moved) => {
        watch.moved(moved);
        try {
          durable.publish(moved);
        } catch {
          // Readers elsewhere see an older end until the next flush; what is durable stays so.
        }
      },
      onRoom: resume,
    });
    durable.publish(end);
    durable.sync();
    return { directory: path, writer, watch, durable, cutBytes };
  }

  /** Takes entries in order as far as there is room. True when all were taken. */
  function take(append: Waiting): boolean {
    const { entries, into, ticket } = append;
    while (append.next < entries.length) {
      const entry = entries[append.next]!;
      const partition = partitions[into ?? partitionOf(entry.deviceId, count)]!;
      if (!partition.writer.add(entry, ticket)) return false;
      append.next += 1;
    }
    completeTicket(ticket);
    if (entries.length > 1) for (const { writer } of partitions) writer.pushOn();
    return true;
  }

  function resume(): void {
    while (waiting.length > 0) {
      const append = waiting[0]!;
      if (!append.ticket.failed && !take(append)) return;
      waiting.shift();
    }
  }

  function oversized(entries: readonly LogEntry[]): RangeError | undefined {
    for (const entry of entries) {
      const atMost = mostRecordBytes(entry);
      if (atMost > maxRecordBytes)
        return new RangeError(
          `a record of up to ${atMost} bytes from ${entry.deviceId.slice(0, 64)} is more than the log takes, ${maxRecordBytes}`,
        );
    }
    return undefined;
  }

  return {
    partitions: count,
    cutBytes: partitions.map((partition) => partition.cutBytes),
    append(entries, into) {
      if (closed) return Promise.reject(new LogUnavailable('could not append: the log is closed'));
      const refusal = oversized(entries);
      if (refusal !== undefined) return Promise.reject(refusal);
      const append: Waiting = { entries, into, next: 0, ticket: appendTicket(entries.length) };
      if (waiting.length > 0 || !take(append)) waiting.push(append);
      return append.ticket.settled;
    },
    read(partition, after, signal) {
      const { directory: path, watch } = partitions[partition]!;
      return readPartition({ partition, partitionDirectory: path, salt, watch, after, signal });
    },
    ends: async () => partitions.map((partition) => partition.watch.end().position),
    starts: async () => Promise.all(partitions.map(async (p) => (await listSegments(p.directory))[0] ?? 0)),
    async expire({ before, upTo }) {
      const total = { segments: 0, bytes: 0 };
      for (const [i, partition] of partitions.entries()) {
        const { segments, bytes } = await expireSegments(partition.directory, before, upTo[i] ?? -1);
        total.segments += segments;
        total.bytes += bytes;
      }
      return total;
    },
    async close() {
      if (closed) return;
      closed = true;
      while (waiting.length > 0) await Promise.allSettled(waiting.map(({ ticket }) => ticket.settled));
      for (const { writer, watch, durable } of partitions) {
        await writer.idle();
        await writer.close();
        watch.close();
        durable.sync();
        durable.close();
      }
    },
  };
}
