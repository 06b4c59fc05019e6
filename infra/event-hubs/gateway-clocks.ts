import type { ReceivedEventData } from '@azure/event-hubs';
import { receivedBeforeMs } from './event-record.ts';

/** As much as a gateway holds what the hub does not take yet, and more than clocks that are kept differ by. */
const AGREES_WITHIN_MS = 60_000;

const SAID_EVERY_MS = 60_000;

/**
 * Compares the clocks of gateways with the service's own, by which they should go: what a gateway receives is judged by
 * its clock, so one that is behind has its devices' readings quarantined. Says so, at most once a minute.
 */
export function gatewayClocks(hub: string, onTrouble: (message: string) => void, nowMs: () => number) {
  let saidMs = Number.NEGATIVE_INFINITY;
  return {
    compare: (events: readonly ReceivedEventData[]): void => {
      if (nowMs() - saidMs < SAID_EVERY_MS) return;
      for (const event of events) {
        const beforeMs = receivedBeforeMs(event);
        if (beforeMs === undefined || Math.abs(beforeMs) <= AGREES_WITHIN_MS) continue;
        saidMs = nowMs();
        const seconds = Math.round(Math.abs(beforeMs) / 1_000);
        const device = String(event.properties?.deviceId).slice(0, 64);
        onTrouble(
          `a gateway’s clock does not agree with that of hub ${hub}\n  detail: what ${device} sent was received ${seconds} s ${beforeMs > 0 ? 'before' : 'after'} the hub took it\n  hint: is the time of its host kept (NTP)? what was received by a clock that is behind is quarantined as ahead`,
        );
        return;
      }
    },
  };
}
