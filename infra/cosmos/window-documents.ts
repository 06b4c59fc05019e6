import type { Container } from '@azure/cosmos';
import type { SlotKey } from '#domain/store.ts';
import { figureNames, type RevisionReason, type WindowRow, type WindowValues } from '#domain/window.ts';
import { type DocumentName, documentId } from './document.ts';
import { type Change, documents } from './documents.ts';

/**
 * The windows of one slot and start, by site (nearly always one): they are looked for together, and a reading that
 * moves from one site to another changes both in one write. Figures and members are JSON texts.
 */
export type SlotValue = [
  siteId: string,
  revision: number,
  reason: RevisionReason,
  figures: string,
  members: string,
][];

export function windowDocuments(container: Container) {
  return documents<SlotValue>(container);
}

export function slotName(key: SlotKey): DocumentName {
  const { kind, deviceId, subject, direction, lane, windowS, startAt } = key;
  return { id: documentId(kind, subject, direction, lane, windowS, startAt), partitionKey: deviceId };
}

export function toWindowRows(key: SlotKey, value: SlotValue): WindowRow[] {
  return value.map(([siteId, revision, reason, figures, members]) => {
    const numbers = JSON.parse(figures) as unknown[];
    return {
      ...key,
      siteId,
      ...(Object.fromEntries(figureNames.map((name, i) => [name, numbers[i]])) as unknown as WindowValues),
      revision,
      reason,
      members,
    };
  });
}

/** One change for each slot. Only a greater revision replaces a window; @throws where an equal one has other figures. */
export function windowChanges(rows: Iterable<WindowRow>): Change<SlotValue>[] {
  const slots = new Map<string, WindowRow[]>();
  for (const row of rows) {
    const { id, partitionKey } = slotName(row);
    const key = `${partitionKey}\n${id}`;
    const together = slots.get(key);
    if (together) together.push(row);
    else slots.set(key, [row]);
  }
  return [...slots.values()].map((sites) => {
    const { kind, deviceId, subject, direction, lane, windowS, startAt } = sites[0]!;
    return {
      name: slotName(sites[0]!),
      fields: {
        deviceId,
        kind,
        subject: subject.toWellFormed(),
        direction: direction.toWellFormed(),
        lane,
        windowS,
        startAt,
      },
      value: (before = []) => merged(before, sites),
    };
  });
}

function merged(before: SlotValue, rows: readonly WindowRow[]): SlotValue | undefined {
  const sites = new Map(before.map((site) => [site[0], site]));
  let isChanged = false;
  for (const row of rows) {
    const { siteId, revision, reason, members, startAt } = row;
    const figures = JSON.stringify(figureNames.map((name) => row[name]));
    const there = sites.get(siteId);
    if (there && revision <= there[1]) {
      if (revision === there[1] && figures !== there[3]) {
        throw new Error(
          `window of ${row.deviceId} at ${siteId} from ${startAt} has revision ${revision} with other figures: ${there[3]} is stored, ${figures} came`,
        );
      }
      continue;
    }
    sites.set(siteId, [siteId, revision, reason, figures, members]);
    isChanged = true;
  }
  return isChanged ? [...sites.values()] : undefined;
}
