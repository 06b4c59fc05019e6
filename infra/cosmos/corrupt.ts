import type { Database } from '@azure/cosmos';
import type { Corruption } from '#domain/log.ts';
import type { PartitionBlobs } from '#infra/blob/partition-blobs.ts';
import type { PartitionHead } from '#infra/blob/partition-head.ts';
import { opened, type StoredDocument, versionAt } from './document.ts';
import { queryItems } from './query-pages.ts';

/** What the log lost, as processing met it, up to the checkpoints. @throws StoreUnavailable */
export async function readCorrupt(
  database: Database,
  blobs: Pick<PartitionBlobs, 'head'>,
): Promise<(Corruption & { partition: number })[]> {
  const documents: StoredDocument[] = [];
  const query = { query: "SELECT * FROM c WHERE c.type = 'corrupt'" };
  for await (const d of queryItems<StoredDocument>(database.container('journal'), query)) documents.push(d);
  const heads = new Map<number, PartitionHead | undefined>();
  for (const partition of new Set(documents.map((d) => d.partition)))
    heads.set(partition, await blobs.head(partition));
  return documents.flatMap((d) => {
    const head = heads.get(d.partition);
    const version = head && versionAt(opened<[to: number, detail: string]>('journal', d), head);
    if (!version?.[2]) return [];
    const [to, detail] = version[2];
    return [{ partition: d.partition, from: Number(d.id), to, detail }];
  });
}
