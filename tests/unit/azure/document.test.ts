import { expect, it } from 'vitest';
import { documentId, opened, sealed } from '#infra/cosmos/document.ts';

const name = { id: 'x', partitionKey: 'loop' };
const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value));

it('gives versions back as they were, plain, long, or with half a character pair from a device', () => {
  for (const text of ['plain', 'x'.repeat(10_000), 'half \ud800 a pair', 'a backslash \\ud and a "quote"']) {
    const versions: [number, number, unknown[]][] = [[2, 7, [text, -1, null, 0.5]]];
    const document = throughJson(sealed(name, 3, versions));
    expect(opened('windows', document)).toEqual(versions);
    expect(JSON.stringify(document)).not.toMatch(/\\ud8/);
  }
});

it('is smaller packed than plain, where it is long', () => {
  const members = Array.from({ length: 500 }, (_, i) => [i, i * 30, [1_000_000 + i, 0, 0, 30, i % 13]]);
  const versions: [number, number, unknown][] = [[1, 1, members]];
  expect(sealed(name, 0, versions).packed!.length).toBeLessThan(JSON.stringify(versions).length / 2);
});

it('tells content that is not what its sum says', () => {
  const document = sealed(name, 0, [[1, 1, [5]]]);
  expect(() => opened('ledger', { ...document, versions: [[1, 1, [6]]] })).toThrow('changed by another hand');
  expect(() => opened('ledger', { ...document, versions: undefined as never })).toThrow('another hand');
  expect(() => opened('ledger', { ...document, packed: 'no gzip' })).toThrow('another hand');
});

it('makes ids that the service takes, different for different parts', () => {
  const ids = [
    documentId('a', 'b', 1),
    documentId('a|b', 1),
    documentId('a/b', '', 1),
    documentId('ä', '?#\\', 1),
    documentId('\ud800', 1),
    documentId('長'.repeat(128), '長'.repeat(128), 1),
    documentId('長'.repeat(128), '長'.repeat(128), 2),
  ];
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) {
    expect(id).toMatch(/^[\w.:|~-]+$/);
    expect(id.length).toBeLessThanOrEqual(1_023);
  }
});
