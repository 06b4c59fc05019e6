import type { Container } from '@azure/cosmos';
import type { Instant } from '#domain/instant.ts';
import { StoreUnavailable } from '#domain/store.ts';
import { request } from './request.ts';

/**
 * Readers ask the owner of a partition to keep what counted at one commit, until they have read it. A reader that died
 * asks for nothing after `until`.
 */
export interface Pin {
  reader: string;
  commit: number;
  until: Instant;
}

/** All of a partition's, in one document: its owner reads it by name before each commit, for 1 request unit. */
interface Pins {
  id: string;
  series: typeof series;
  pins: Pin[];
  _etag?: string;
}

const series = 'pin';
const MOST_TRIES = 20;

/** The commits that are being read. @throws StoreUnavailable */
export async function readPins(journal: Container, partition: number, now: Instant): Promise<number[]> {
  return (await read(journal, partition)).pins.filter(({ until }) => until > now).map(({ commit }) => commit);
}

/** @throws StoreUnavailable */
export async function pin(journal: Container, partition: number, wanted: Pin, now: Instant): Promise<void> {
  await change(journal, partition, (pins) => [
    ...pins.filter(({ reader, until }) => reader !== wanted.reader && until > now),
    wanted,
  ]);
}

/** @throws StoreUnavailable */
export async function unpin(journal: Container, partition: number, reader: string): Promise<void> {
  await change(journal, partition, (pins) => pins.filter((p) => p.reader !== reader));
}

async function read(journal: Container, partition: number): Promise<Pins> {
  const { resource } = await request('ask whether an export is under way', (abortSignal) =>
    journal.item(String(partition), series).read<Pins>({ abortSignal }),
  );
  return resource ?? { id: String(partition), series, pins: [] };
}

async function change(
  journal: Container,
  partition: number,
  changed: (pins: readonly Pin[]) => Pin[],
): Promise<void> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const { _etag: condition, ...there } = await read(journal, partition);
    const pins: Pins = { ...there, pins: changed(there.pins) };
    try {
      await request('ask for what an export reads to be kept', (abortSignal) =>
        condition
          ? journal
              .item(String(partition), series)
              .replace(pins, { abortSignal, accessCondition: { type: 'IfMatch', condition } })
          : journal.items.create(pins, { abortSignal }),
      );
      return;
    } catch (error) {
      // Another reader came at the same moment: look again.
      const { code } = error as { code?: unknown };
      if (code !== 409 && code !== 412) throw error;
    }
  }
  throw new StoreUnavailable(`could not ask for what an export reads to be kept: others do so all the time`);
}
