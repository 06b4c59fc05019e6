import { expect, it } from 'vitest';
import { authentication } from '#infra/azure/authentication.ts';

const connectionString = 'AccountEndpoint=https://x;AccountKey=abc;';
const endpoint = 'https://x.documents.azure.com';

it('lets a configured connection string win over an endpoint', () => {
  expect(authentication('Cosmos DB', { connectionString, endpoint })).toEqual({
    by: 'connection-string',
    connectionString,
  });
});

it('signs in at an endpoint without one, an empty one being none', () => {
  expect(authentication('Cosmos DB', { connectionString: '', endpoint })).toEqual({
    by: 'identity',
    endpoint,
  });
});

it('names the service that has neither', () => {
  expect(() => authentication('Cosmos DB', {})).toThrow('Cosmos DB has neither');
});
