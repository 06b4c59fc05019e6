import type { Container, SqlQuerySpec } from '@azure/cosmos';
import { request } from './request.ts';

const PAGE_ITEMS = 1_000;

/** Every item of a query, page by page; within one logical partition where `partitionKey` names it. @throws StoreUnavailable */
export async function* queryItems<T>(
  container: Container,
  query: SqlQuerySpec,
  partitionKey?: string,
): AsyncGenerator<T, void, void> {
  const iterator = container.items.query<T>(query, {
    maxItemCount: PAGE_ITEMS,
    ...(partitionKey === undefined ? {} : { partitionKey }),
  });
  while (iterator.hasMoreResults()) {
    const page = await request(`query ${container.id}`, () => iterator.fetchNext());
    yield* page.resources ?? [];
  }
}
