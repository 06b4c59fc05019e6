import { expect, it } from 'vitest';
import { readingFields } from '#analytics/lake/reading-fields.ts';
import { fieldNames } from '#domain/readings/reading-kind.ts';
import { readingKinds } from '#domain/readings/reading-kinds.ts';

it('the lake has a column for every field of every kind', () => {
  const known = new Set(readingFields.map(([wire]) => wire));
  const unknown = readingKinds.flatMap(fieldNames).filter((field) => !known.has(field) && field !== 'v');
  expect(unknown).toEqual([]);
});

it('no two fields differ in case alone: DuckDB would read one for the other', () => {
  const names = readingFields.map(([wire]) => wire.toLowerCase());
  expect(new Set(names).size).toBe(names.length);
});
