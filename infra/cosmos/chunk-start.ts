import type { Container } from '@azure/cosmos';
import { seriesBetween } from './journal-documents.ts';
import { queryItems } from './query-pages.ts';

/** Where the last chunk of outcomes begins that begins at or before a position; it need not count yet. */
export async function chunkStart(
  journal: Container,
  partition: number,
  position: number,
): Promise<number | undefined> {
  for (const series of seriesBetween('outcomes', partition, 0, position).reverse()) {
    const query = {
      query: 'SELECT TOP 1 VALUE c.position FROM c WHERE c.position <= @position ORDER BY c.position DESC',
      parameters: [{ name: '@position', value: position }],
    };
    for await (const from of queryItems<number>(journal, query, series)) return from;
  }
  return undefined;
}
