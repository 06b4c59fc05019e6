import type { LogEntry } from '#domain/log.ts';
import type { DurableEnd } from './durable-end.ts';
import { encodeRecord, mostRecordBytes, viewOf } from './record.ts';
import {
  FOR_CREATION,
  FOR_WRITING,
  type OpenSegmentFile,
  type SegmentFile,
  segmentPath,
  syncDirectory,
  writeAt,
} from './segment-files.ts';
import { failTicket, leaveFlush, type Ticket } from './ticket.ts';

export interface PartitionWriter {
  /** False when there is no room until `onRoom`; then nothing was taken. */
  add(entry: LogEntry, ticket: Ticket): boolean;
  /** Starts a flush now where that is worth one, rather than when the event loop has gathered more. */
  pushOn(): void;
  end(): DurableEnd;
  /** Resolves when nothing is under way or waiting any more. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

export interface PartitionWriterOptions {
  partitionDirectory: string;
  end: DurableEnd;
  fresh: boolean;
  salt: number;
  segmentBytes: number;
  bufferBytes: number;
  openFile: OpenSegmentFile;
  onDurable(end: DurableEnd): void;
  onRoom(): void;
}

/** Records on their way to the disk together, encoded in one buffer. */
interface Group {
  buffer: Buffer;
  view: DataView;
  bytes: number;
  firstPosition: number;
  records: number;
  tickets: Ticket[];
}

const WORTH_A_FLUSH_BYTES = 64 * 1024;

/**
 * Group commit with two buffers: while one is written and synced, the next entries gather in the other. After a
 * failure the segment is cut back to its durable end before anything else is written, and what had gathered is
 * refused too, for its positions follow those that failed.
 */
export async function partitionWriter(options: PartitionWriterOptions): Promise<PartitionWriter> {
  const { partitionDirectory, salt, segmentBytes, bufferBytes, openFile } = options;
  let end = options.end;
  let file = await openSegment(end.base, options.fresh);
  let gathering = emptyGroup(Buffer.allocUnsafeSlow(bufferBytes));
  let spare: Group | undefined = emptyGroup(Buffer.allocUnsafeSlow(bufferBytes));
  let flushScheduled = false;
  let torn = false;
  const idlers: (() => void)[] = [];

  async function openSegment(base: number, fresh: boolean): Promise<SegmentFile> {
    const path = segmentPath(partitionDirectory, base);
    if (!fresh) return openFile(path, FOR_WRITING);
    const made = await openFile(path, FOR_CREATION);
    try {
      await syncDirectory(partitionDirectory);
    } catch (error) {
      await made.close();
      throw error;
    }
    return made;
  }

  function scheduleFlush(): void {
    if (flushScheduled || spare === undefined) return;
    flushScheduled = true;
    setImmediate(() => {
      flushScheduled = false;
      flush();
    });
  }

  function flush(): void {
    if (spare === undefined || gathering.records === 0) return;
    const group = gathering;
    gathering = spare;
    spare = undefined;
    gathering.firstPosition = group.firstPosition + group.records;
    commit(group).then(
      () => settle(group),
      (error) => refuse(group, error),
    );
  }

  async function commit(group: Group): Promise<void> {
    if (torn) await file.truncate(end.offset);
    torn = false;
    if (end.offset > 0 && end.offset + group.bytes > segmentBytes) await startSegment(group.firstPosition);
    torn = true;
    await writeAt(file, group.buffer, group.bytes, end.offset);
    torn = false;
  }

  async function startSegment(base: number): Promise<void> {
    const next = await openSegment(base, true);
    const full = file;
    file = next;
    end = { position: end.position, base, offset: 0 };
    await full.close();
  }

  /** The disk goes on with what has gathered before anybody hears of this group. */
  function settle(group: Group): void {
    const { firstPosition, records, bytes, tickets } = group;
    const moved = { position: firstPosition + records - 1, base: end.base, offset: end.offset + bytes };
    end = moved;
    recycle(group);
    options.onDurable(moved);
    for (const ticket of tickets) leaveFlush(ticket);
    options.onRoom();
  }

  function refuse(group: Group, error: unknown): void {
    for (const ticket of [...group.tickets, ...gathering.tickets]) failTicket(ticket, error);
    clear(gathering);
    gathering.firstPosition = end.position + 1;
    recycle(group);
    options.onRoom();
  }

  function recycle(group: Group): void {
    clear(group);
    spare = group;
    flush();
    if (spare !== undefined) for (const idle of idlers.splice(0)) idle();
  }

  gathering.firstPosition = end.position + 1;
  return {
    add(entry, ticket) {
      const atMost = mostRecordBytes(entry);
      if (gathering.bytes + atMost > bufferBytes) {
        flush();
        if (gathering.bytes + atMost > bufferBytes) return false;
      }
      const { buffer, view, bytes, firstPosition, records } = gathering;
      gathering.bytes = encodeRecord(buffer, view, bytes, entry, firstPosition + records, salt);
      gathering.records += 1;
      if (gathering.tickets.at(-1) !== ticket) {
        gathering.tickets.push(ticket);
        ticket.flushes += 1;
      }
      scheduleFlush();
      return true;
    },
    pushOn() {
      if (gathering.bytes >= WORTH_A_FLUSH_BYTES) flush();
    },
    end: () => end,
    idle: () =>
      spare !== undefined && gathering.records === 0
        ? Promise.resolve()
        : new Promise((resolve) => idlers.push(resolve)),
    close: () => file.close(),
  };
}

function emptyGroup(buffer: Buffer): Group {
  return { buffer, view: viewOf(buffer), bytes: 0, firstPosition: 0, records: 0, tickets: [] };
}

function clear(group: Group): void {
  group.bytes = 0;
  group.records = 0;
  group.tickets = [];
}
