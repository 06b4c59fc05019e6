import fc from 'fast-check';
import { expect, it } from 'vitest';
import { asciiText } from '#processing/ascii-text.ts';

it('writes numbers as JSON does, one after the other', () => {
  const text = asciiText();
  const number = fc.oneof(
    fc.maxSafeInteger(),
    fc.nat(),
    fc.nat(1_000),
    fc.constantFrom(1e9 - 1, 1e9, 1e9 + 1, 2 ** 31 - 1, 2 ** 31, 10 ** 15, 2 ** 53, 1e21, Number.NaN),
    fc.double({ noDefaultInfinity: true }),
  );
  fc.assert(
    fc.property(fc.array(number), (numbers) => {
      for (const n of numbers) {
        text.word('x:');
        text.number(n);
      }
      expect(text.take()).toBe(numbers.map((n) => `x:${JSON.stringify(n)}`).join(''));
    }),
  );
});
