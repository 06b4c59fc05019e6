import type { ContainerDefinition, PartitionKeyKind } from '@azure/cosmos';

export type ContainerName = 'windows' | 'ledger' | 'journal' | 'registry';

type Definition = Pick<ContainerDefinition, 'partitionKey' | 'indexingPolicy' | 'defaultTtl'>;

/**
 * What a city's database is made of; why, and what it costs, is in docs/decisions.md. Only what a query asks for is
 * indexed: documents are otherwise read and written by their names.
 */
export function containerDefinitions(hotPeriodS?: number): Record<ContainerName, Definition> {
  return {
    windows: {
      ...keyedBy('/deviceId'),
      indexingPolicy: indexOnly('/startAt/?'),
      ...(hotPeriodS === undefined ? {} : { defaultTtl: hotPeriodS }),
    },
    ledger: { ...keyedBy('/deviceId'), indexingPolicy: indexOnly() },
    journal: {
      ...keyedBy('/series'),
      indexingPolicy: indexOnly('/type/?', '/position/?'),
      // Each entry says for itself: dead letters go, before the windows that they could still change.
      ...(hotPeriodS === undefined ? {} : { defaultTtl: -1 }),
    },
    registry: { ...keyedBy('/list'), indexingPolicy: indexOnly('/first/?') },
  };
}

function keyedBy(path: string): Pick<Definition, 'partitionKey'> {
  return { partitionKey: { paths: [path], kind: 'Hash' as PartitionKeyKind, version: 2 } };
}

function indexOnly(...paths: string[]): NonNullable<Definition['indexingPolicy']> {
  return {
    indexingMode: 'consistent',
    automatic: true,
    includedPaths: paths.map((path) => ({ path })),
    excludedPaths: [{ path: '/*' }],
  };
}
