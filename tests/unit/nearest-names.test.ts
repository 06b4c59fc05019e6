import { expect, test } from 'vitest';
import { nearestNames } from '#domain/nearest-names.ts';

test('a slip of the finger finds the name that was meant, the nearest first', () => {
  expect(nearestNames('lop-12', ['radar-7', 'loop-13', 'loop-12'])).toEqual(['loop-12', 'loop-13']);
});

test('a part of a name finds it, whatever its case', () => {
  expect(nearestNames('high', ['High Street north', 'Bridge'])).toEqual(['High Street north']);
});

test('what has nothing to do with any name finds none', () => {
  expect(nearestNames('zzzzzz', ['loop-12', 'radar-7'])).toEqual([]);
});
