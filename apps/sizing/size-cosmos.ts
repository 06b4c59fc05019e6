import { RU_PER_KB_WRITTEN, RU_STEP } from './azure-limits.ts';
import type { CityLoad, Flow, Part } from './city-flow.ts';
import {
  LEDGER_ROWS_PER_DEVICE_HOUR,
  OUTCOME_BYTES_PER_MESSAGE,
  OUTCOME_BYTES_PER_READING,
  WINDOWS_PER_DEVICE_HOUR,
} from './measured-costs.ts';
import { type Need, need, sum } from './need.ts';

/** Fields that Cosmos DB adds to a document; assumed. */
const DOCUMENT_BYTES = 200;
const LEDGER_DOCUMENT_BYTES = 500;
/** How often a processor commits: as infra/deploy configures it. */
const COMMIT_S = 30;
/** All devices close their windows together, every five minutes; they are written within a minute. */
const CLOSING_S = 60;
/** Windows stay in the store with their members for twice as long as admission accepts a reading, as infra/deploy has it. */
const HOT_DAYS = 14;

export function sizeCosmos({ sensors, vehicles }: CityLoad, flow: Flow, processors: number): Need[] {
  const { parts, windowsPerS } = flow;
  const documentRu = (p: Part): number => writeRu(documentBytes(p));
  const windowsRu = sum(parts, (p) => ((p.devices * WINDOWS_PER_DEVICE_HOUR) / 3_600) * documentRu(p));
  const closingRu = sum(parts, (p) => (p.devices / CLOSING_S) * documentRu(p));
  const ledgerRu = ((sensors + vehicles) / 3_600) * writeRu(LEDGER_DOCUMENT_BYTES);
  const hourRu = ((sensors + vehicles) / CLOSING_S) * writeRu(LEDGER_DOCUMENT_BYTES);
  const bytesPerS = sum(
    parts,
    (p) => p.messagesPerS * OUTCOME_BYTES_PER_MESSAGE + p.readingsPerS * OUTCOME_BYTES_PER_READING,
  );
  const outcomesRu = Math.max(processors / COMMIT_S, bytesPerS / 1_024) * RU_PER_KB_WRITTEN;
  const most = Math.ceil((closingRu + hourRu + outcomesRu) / RU_STEP) * RU_STEP;
  const ledgerRows = (sensors + vehicles) * LEDGER_ROWS_PER_DEVICE_HOUR * 24 * HOT_DAYS;
  const hotBytes =
    sum(parts, (p) => p.devices * WINDOWS_PER_DEVICE_HOUR * 24 * HOT_DAYS * documentBytes(p)) +
    ledgerRows * LEDGER_DOCUMENT_BYTES;
  return [
    need(
      'Cosmos DB',
      'windows written',
      windowsPerS,
      'a second',
      `devices x ${WINDOWS_PER_DEVICE_HOUR} an hour, each once where nothing comes late`,
      'measured',
    ),
    need(
      'Cosmos DB',
      'RU/s on average',
      windowsRu + ledgerRu + outcomesRu,
      'RU/s',
      `${RU_PER_KB_WRITTEN} RU for each KB of a document; a ledger document a device and hour; outcomes 2 bytes a reading`,
      'measured; facts',
    ),
    need(
      'Cosmos DB',
      'of which windows',
      windowsRu,
      'RU/s',
      'bytes of a window: 328 and 53 (flow) or 35 (position, packed) a member, and 200 of Cosmos DB’s own',
      'measured; facts',
    ),
    need(
      'Cosmos DB',
      'of which ledger',
      ledgerRu,
      'RU/s',
      'one document a device and hour, when the hour is over: until then its counts stand in the checkpoint',
      'arithmetic',
    ),
    need(
      'Cosmos DB',
      'RU/s at most (autoscale)',
      most,
      'RU/s',
      `all windows close together and are written within ${CLOSING_S} s, at the hour with a ledger document each; steps of ${RU_STEP.toLocaleString('en-GB')}`,
      'measured; facts',
    ),
    need(
      'Cosmos DB',
      `kept for ${HOT_DAYS} days`,
      hotBytes / 1e9,
      'GB',
      'windows with members, and ledger',
      'measured',
    ),
  ];
}

function documentBytes({ costs, membersPerWindow }: Part): number {
  return costs.documentBytes + costs.documentBytesPerMember * membersPerWindow + DOCUMENT_BYTES;
}

/** Request units of one write: a document below 1 KB costs as much as one of 1 KB. */
function writeRu(bytes: number): number {
  return Math.max(1, bytes / 1_024) * RU_PER_KB_WRITTEN;
}
