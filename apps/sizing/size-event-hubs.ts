import { PREMIUM_BYTES_IN_PER_S, STANDARD_THROUGHPUT_UNITS, throughputUnit } from './azure-limits.ts';
import { DAY_S, type Flow } from './city-flow.ts';
import { type Need, need, sum, whole } from './need.ts';

/** Properties that IoT Hub adds to a routed event; assumed, not measured. */
const EVENT_BYTES = 300;
/** Readers of the log: processor and exporter. */
const READERS = 2;
const RETENTION_DAYS = 7;

export function sizeEventHubs(flow: Flow, processors: number): Need[] {
  const { parts, messagesPerS } = flow;
  const bytesPerS = sum(parts, (p) => p.messagesPerS * (p.messageBytes + EVENT_BYTES));
  const units = Math.max(
    1,
    Math.ceil(messagesPerS / throughputUnit.eventsInPerS),
    Math.ceil(bytesPerS / throughputUnit.bytesInPerS),
    Math.ceil((bytesPerS * READERS) / throughputUnit.bytesOutPerS),
  );
  const kept = bytesPerS * DAY_S * RETENTION_DAYS;
  const standard = units <= STANDARD_THROUGHPUT_UNITS;
  const tier = standard
    ? need(
        'Event Hubs',
        'throughput units',
        units,
        'units',
        `a unit takes 1,000 events/s and 1 MB/s and gives 2 MB/s, to ${READERS} readers; let it inflate to twice that`,
        'Event Hubs quotas',
      )
    : need(
        'Event Hubs',
        'premium processing units',
        Math.ceil(bytesPerS / PREMIUM_BYTES_IN_PER_S),
        'units',
        `Standard ends at ${STANDARD_THROUGHPUT_UNITS} throughput units and ${whole(units)} were needed (fewer with --batch); a processing unit takes 5 MB/s`,
        'Event Hubs quotas',
      );
  return [
    need(
      'Event Hubs',
      'bytes in',
      bytesPerS / 1e6,
      'MB/s',
      `messages x (payload + ${EVENT_BYTES} bytes of properties, assumed)`,
      'measured; assumed',
    ),
    tier,
    need(
      'Event Hubs',
      'partitions',
      partitionsFor(processors, bytesPerS),
      'partitions',
      'twice the processors and one for each MB/s, a power of two of at least 4: fixed for the life of the city. Standard has 32 at most, Headway 64',
      'Event Hubs quotas',
    ),
    need(
      'Event Hubs',
      `kept for ${RETENTION_DAYS} days`,
      kept / 1e9,
      'GB',
      standard
        ? `${whole(units * 84)} GB come with ${whole(units)} units`
        : '1 TB comes with each processing unit',
      'Event Hubs quotas',
    ),
  ];
}

function partitionsFor(processors: number, bytesPerS: number): number {
  return Math.max(
    4,
    2 ** Math.ceil(Math.log2(Math.max(2 * processors, bytesPerS / throughputUnit.bytesInPerS))),
  );
}
