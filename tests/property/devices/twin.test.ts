import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  changed,
  difference,
  emptyTwin,
  isFault,
  type JsonObject,
  reported,
  type Twin,
  type TwinFault,
} from '#domain/devices/twin.ts';

const AT = Date.UTC(2026, 4, 1);

/** What a twin may hold: nulls remove, so none is in it. */
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.string({ maxLength: 5 }),
    fc.integer(),
    fc.boolean(),
    fc.array(fc.integer(), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3 }),
  ),
}));
const values = fc.dictionary(fc.constantFrom('a', 'b', 'c'), value, {
  maxKeys: 3,
}) as fc.Arbitrary<JsonObject>;

function held(result: Twin | TwinFault): Twin {
  if (isFault(result)) throw new Error(result.detail);
  return result;
}

const holding = (desired: JsonObject) => held(changed(emptyTwin('d', AT), { type: 'replace', desired }, AT));

/** RFC 7396, from its own pseudo-code. */
function mergePatch(target: unknown, patch: unknown): unknown {
  const isObject = (x: unknown) => typeof x === 'object' && x !== null && !Array.isArray(x);
  if (!isObject(patch)) return patch;
  const result = (isObject(target) ? structuredClone(target) : {}) as Record<string, unknown>;
  for (const [name, inner] of Object.entries(patch as object)) {
    if (inner === null) delete result[name];
    else result[name] = mergePatch(result[name], inner);
  }
  return result;
}

test('a patch merges as RFC 7396 says', () => {
  fc.assert(
    fc.property(values, values, fc.constantFrom('a', 'b', 'c'), (before, more, gone) => {
      const patch = { ...more, [gone]: null };
      const after = held(changed(holding(before), { type: 'patch', desired: patch }, AT));
      expect(after.desired.values).toEqual(mergePatch(before, patch));
      expect(
        held(reported({ ...holding({}), reported: holding(before).desired }, patch, AT, undefined)).reported
          .values,
      ).toEqual(after.desired.values);
    }),
  );
});

test('a device that is told the difference knows what a replacement made, and metadata names what there is', () => {
  fc.assert(
    fc.property(values, values, (before, desired) => {
      const after = held(changed(holding(before), { type: 'replace', desired }, AT + 1_000));
      expect(after.desired.values).toEqual(desired);
      expect(mergePatch(before, difference(before, desired))).toEqual(desired);
      const { $lastUpdated, ...named } = after.desired.metadata;
      expect($lastUpdated).toBe('2026-05-01T00:00:01.000Z');
      expect(Object.keys(named).sort()).toEqual(Object.keys(desired).sort());
    }),
  );
});

test.each([
  ['eleven levels', { a: { a: { a: { a: { a: { a: { a: { a: { a: { a: { a: 1 } } } } } } } } } } }],
  ['a dollar', { $a: 1 }],
  ['a space', { 'a b': 1 }],
  ['a control character', { 'a\u0001': 1 }],
  ['no name', { '': 1 }],
  ['a prototype', JSON.parse('{"__proto__":{"a":1}}')],
  ['a number out of range', { a: 2 ** 60 }],
  ['null in an array', { a: [1, null] }],
  ['a long name', { ['x'.repeat(1_025)]: 1 }],
])('a twin does not take %s', (_, patch) => {
  expect(reported(emptyTwin('d', AT), patch, AT, undefined)).toMatchObject({ fault: 'rule' });
  expect({} as { a?: number }).not.toHaveProperty('a');
});

test('a report on another version than the one there is refused', () => {
  const twin = emptyTwin('d', AT);
  expect(reported(twin, { a: 1 }, AT, 2)).toMatchObject({ fault: 'version' });
  expect(reported(twin, { a: 1 }, AT, 1)).toMatchObject({ reported: { version: 2 } });
});
