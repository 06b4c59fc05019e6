import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';

/** Low enough that whoever waits at the door comes first, high enough that work behind it goes on beside other programs. */
const NICENESS = 5;

/**
 * Lets the calling thread yield the processor to the threads of the door, where there is not enough for both: what waits in the
 * log is safe, and whoever waits for an acknowledgement waits. Only Linux has priorities of threads; elsewhere nothing changes.
 */
export function yieldToDoor(): void {
  try {
    const thread = Number(/\/task\/(\d+)$/.exec(readlinkSync('/proc/thread-self'))![1]);
    setPriority(thread, NICENESS);
  } catch {
    // As good as before.
  }
}
