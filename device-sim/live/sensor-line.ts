import type { Connect, Connection } from './connection.ts';
import { pause } from './live-clock.ts';

export type LineEvent = 'connected' | 'disconnected' | 'refused' | 'acknowledged' | 'dropped';

export interface SensorLine {
  /** Never waits: keeps the message until it is acknowledged, or the buffer is full and it is the oldest. */
  put(payload: Uint8Array): void;
  /** Resolves when the line is closed, after the signal aborted. */
  readonly closed: Promise<void>;
}

const RETRY_FROM_MS = 500;
const RETRY_UP_TO_MS = 30_000;

/**
 * Keeps one device connected and its messages in order, one in flight. After an outage it tries again, at first soon,
 * then ever later, and resends what was not acknowledged: at least once, as QoS 1 promises.
 */
export function sensorLine(options: {
  connect: Connect;
  /** Messages kept while there is no connection. */
  buffer: number;
  firstWaitMs: number;
  signal: AbortSignal;
  onEvent(event: LineEvent, error?: unknown): void;
}): SensorLine {
  const { connect, buffer, signal, onEvent } = options;
  const waiting: Uint8Array[] = [];
  let wake: () => void = () => undefined;
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

  const drain = async (connection: Connection): Promise<void> => {
    while (!signal.aborted) {
      const next = waiting[0];
      if (next === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      await connection.send(next);
      if (waiting[0] === next) waiting.shift();
      onEvent('acknowledged');
    }
  };

  /** One connection's life: until it breaks, or the signal aborts whatever it is waiting for. */
  const live = async (connected: () => void): Promise<void> => {
    const connecting = connect();
    const connection = await Promise.race([connecting, aborted]);
    if (!connection) {
      void connecting.then((late) => late.close()).catch(() => undefined);
      return;
    }
    connected();
    try {
      await Promise.race([drain(connection), aborted]);
    } finally {
      await connection.close().catch(() => undefined);
    }
  };

  const run = async (): Promise<void> => {
    await pause(options.firstWaitMs, signal);
    let retryMs = RETRY_FROM_MS;
    while (!signal.aborted) {
      let open = false;
      try {
        await live(() => {
          open = true;
          retryMs = RETRY_FROM_MS;
          onEvent('connected');
        });
      } catch (error) {
        if (!signal.aborted) onEvent(open ? 'disconnected' : 'refused', error);
      }
      await pause(retryMs, signal);
      retryMs = Math.min(RETRY_UP_TO_MS, 2 * retryMs);
    }
  };

  return {
    put: (payload) => {
      if (waiting.length >= buffer) {
        waiting.shift();
        onEvent('dropped');
      }
      waiting.push(payload);
      wake();
    },
    closed: run(),
  };
}
