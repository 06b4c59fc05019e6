import type { Path } from '../json-path.ts';

/** A literal or a parameter's value; undefined is Cosmos DB's own "not there". */
export type Scalar = string | number | boolean | null | undefined;

export type Comparison = '=' | '<' | '<=' | '>' | '>=';

export type Condition =
  | { kind: 'compare'; path: Path; operator: Comparison; value: Scalar }
  | { kind: 'in'; path: Path; values: Scalar[] }
  | { kind: 'defined'; path: Path }
  | { kind: 'and' | 'or'; terms: Condition[] }
  | { kind: 'constant'; value: boolean };

export type Aggregate = 'COUNT' | 'MAX' | 'MIN';

export type Projection =
  | { kind: 'all' }
  | { kind: 'fields'; fields: { path: Path; name: string }[] }
  | { kind: 'value'; path: Path }
  /** `path` undefined: of a constant, as in COUNT(1). */
  | { kind: 'aggregate'; aggregate: Aggregate; path: Path | undefined };

export interface Query {
  projection: Projection;
  where: Condition | undefined;
  orderBy: { path: Path; descending: boolean }[];
  offset: number;
  /** Undefined: all. From TOP or LIMIT. */
  limit: number | undefined;
  top: number | undefined;
}
