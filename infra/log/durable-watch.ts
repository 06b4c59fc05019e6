import type { DurableEnd, DurableEndFile } from './durable-end.ts';

/** A partition's durable end as a reader sees it. */
export interface DurableWatch {
  end(): DurableEnd;
  /** Waits until the end is at `position` or later; undefined when the signal aborts or the log closes first. */
  reached(position: number, signal: AbortSignal): Promise<DurableEnd | undefined>;
}

const NOTHING: DurableEnd = { position: -1, base: 0, offset: 0 };

/** In the writer's process: woken by each flush. */
export function flushWatch(
  start: DurableEnd,
): DurableWatch & { moved(end: DurableEnd): void; close(): void } {
  let end = start;
  let closed = false;
  const sleepers = new Set<() => void>();
  const wakeAll = () => {
    for (const wake of sleepers) wake();
    sleepers.clear();
  };
  return {
    end: () => end,
    async reached(position, signal) {
      while (end.position < position) {
        if (closed || signal.aborted) return undefined;
        await new Promise<void>((resolve) => {
          const wake = () => {
            signal.removeEventListener('abort', wake);
            sleepers.delete(wake);
            resolve();
          };
          sleepers.add(wake);
          signal.addEventListener('abort', wake, { once: true });
        });
      }
      return signal.aborted ? undefined : end;
    },
    moved(next) {
      end = next;
      wakeAll();
    },
    close() {
      closed = true;
      wakeAll();
    },
  };
}

/** In another process: looks at the published end every `pollMs`. `open` may fail until the writer has made it. */
export function polledWatch(open: () => DurableEndFile, pollMs: number): DurableWatch & { close(): void } {
  let file: DurableEndFile | undefined;
  let last = NOTHING;
  let closed = false;
  const look = (): DurableEnd => {
    try {
      file ??= open();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return last;
      throw error;
    }
    last = file.read() ?? last;
    return last;
  };
  return {
    end: () => (closed ? last : look()),
    async reached(position, signal) {
      while (!closed && !signal.aborted) {
        const end = look();
        if (end.position >= position) return end;
        await sleep(pollMs, signal);
      }
      return undefined;
    },
    close() {
      closed = true;
      file?.close();
    },
  };
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal.addEventListener('abort', wake, { once: true });
  });
}
