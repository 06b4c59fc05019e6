import { notImplemented } from '../answer.ts';
import type { Path } from '../json-path.ts';
import type { Query } from './query.ts';

/** How a client of several partitions wants its results: to merge them by the order, or to add them up. */
export type Wrapping = 'none' | 'ordered' | 'aggregate';

// The client puts a condition of its own in this place; 'true' when it starts from the beginning.
const FILTER = '{documentdb-formattableorderbyquery-filter}';
const marked = /^--plan (ordered|aggregate|limited) (.*)\n/;

/** Whether only a client can answer `query` over several partitions: the service then refuses, and gives the plan. */
export function needsPlan({ orderBy, projection, offset, limit }: Query): boolean {
  return orderBy.length > 0 || projection.kind === 'aggregate' || offset > 0 || limit !== undefined;
}

/** The plan that the SDK follows: its own merging, adding up and skipping, over what the rewritten query gives. */
export function queryPlan(text: string, query: Query) {
  const { orderBy, projection, offset, limit, top } = query;
  const aggregate = projection.kind === 'aggregate' ? projection.aggregate : undefined;
  const wrapping = aggregate !== undefined ? 'aggregate' : orderBy.length > 0 ? 'ordered' : 'limited';
  return {
    partitionedQueryExecutionInfoVersion: 2,
    queryInfo: {
      distinctType: 'None',
      top: top ?? null,
      offset: top === undefined && limit !== undefined ? offset : null,
      limit: top === undefined && limit !== undefined ? limit : null,
      orderBy: orderBy.map(({ descending }) => (descending ? 'Descending' : 'Ascending')),
      orderByExpressions: orderBy.map(({ path }) => expression(path)),
      groupByExpressions: [],
      groupByAliases: [],
      aggregates: aggregate === undefined ? [] : [`${aggregate[0]}${aggregate.slice(1).toLowerCase()}`],
      groupByAliasToAggregateType: {},
      rewrittenQuery: needsPlan(query) ? `--plan ${wrapping} ${FILTER}\n${text}` : '',
      hasSelectValue: projection.kind === 'value' || projection.kind === 'aggregate',
      dCountInfo: null,
      hasNonStreamingOrderBy: false,
    },
    queryRanges: [{ min: '', max: 'FF', isMinInclusive: true, isMaxInclusive: false }],
  };
}

/** What a rewritten query asks for: the results wrapped, and those skipped too, for the client skips them itself. */
export function rewritten(text: string): { wrapping: Wrapping; unskipped: boolean } {
  const mark = marked.exec(text);
  if (mark === null) return { wrapping: 'none', unskipped: false };
  const [, wrapping, filter] = mark;
  if (wrapping === 'ordered' && filter !== 'true') {
    notImplemented('continuation of an ordered query across partitions (enableQueryControl)');
  }
  return { wrapping: wrapping === 'limited' ? 'none' : (wrapping as Wrapping), unskipped: true };
}

function expression(path: Path): string {
  return `c${path.map((name) => `[${JSON.stringify(name)}]`).join('')}`;
}
