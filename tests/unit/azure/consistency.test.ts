import { expect, it } from 'vitest';
import { readsWhatWasWritten } from '#infra/cosmos/cosmos-database.ts';

it('takes no account whose reads may be older than another process’s writes', () => {
  const levels = ['Strong', 'BoundedStaleness', 'Session', 'ConsistentPrefix', 'Eventual', undefined];
  const taken = levels.filter((level) => readsWhatWasWritten(level, 'https://city.documents.azure.com:443/'));
  expect(taken).toEqual(['Strong', 'BoundedStaleness']);
});

it('takes an emulator on this machine, which is one replica', () => {
  expect(readsWhatWasWritten('Session', 'https://localhost:8081/')).toBe(true);
});
