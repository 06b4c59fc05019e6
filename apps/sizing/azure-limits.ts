// What Azure says of itself, from its own pages; docs/sizing.md names them. Prices are ratios only: what is cheapest.

/** learn.microsoft.com, "IoT Hub quotas and throttling": a unit's daily messages and sends a second. */
export const iotHubTiers = [
  { sku: 'S1', messagesPerDay: 400_000, sendsPerS: 12, leastSendsPerS: 100, maxUnits: 200, price: 1 },
  { sku: 'S2', messagesPerDay: 6_000_000, sendsPerS: 120, leastSendsPerS: 0, maxUnits: 200, price: 10 },
  { sku: 'S3', messagesPerDay: 300_000_000, sendsPerS: 6_000, leastSendsPerS: 0, maxUnits: 10, price: 100 },
] as const;
/** A message is metered in chunks of this size. */
export const IOT_HUB_CHUNK_BYTES = 4_096;

/** learn.microsoft.com, "Event Hubs quotas and limits": what a throughput unit of the Standard tier takes and gives. */
export const throughputUnit = { eventsInPerS: 1_000, bytesInPerS: 1e6, bytesOutPerS: 2e6, storedBytes: 84e9 };
export const STANDARD_THROUGHPUT_UNITS = 40;
/** A processing unit of the Premium tier takes about 5 to 10 MB/s: the lower figure, without a limit of events. */
export const PREMIUM_BYTES_IN_PER_S = 5e6;

/** Request units of writing a document, for each KB: a sensible indexing policy (facts; Cosmos DB's own charge). */
export const RU_PER_KB_WRITTEN = 8.5;
/** Autoscale is set in steps of this many RU/s. */
export const RU_STEP = 1_000;
