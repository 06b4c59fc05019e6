import { expect, test } from 'vitest';
import { keptAnswer } from '#apps/api/kept-answer.ts';

/** A question that takes `tookMs` of a clock that only it and the test move. */
function question(tookMs: number) {
  const clock = { ms: 0, asked: 0 };
  const answer = keptAnswer(
    async () => {
      clock.asked++;
      clock.ms += tookMs;
      return clock.asked;
    },
    () => clock.ms,
  );
  return { clock, answer };
}

test('a quick answer is made again two seconds later, and not before', async () => {
  const { clock, answer } = question(10);
  expect(await answer()).toBe(1);
  clock.ms += 1_999;
  expect(await answer()).toBe(1);
  clock.ms += 1;
  expect(await answer()).toBe(2);
});

test('those who ask at the same time get one answer', async () => {
  const { clock, answer } = question(10);
  expect(await Promise.all([answer(), answer(), answer()])).toEqual([1, 1, 1]);
  expect(clock.asked).toBe(1);
});

test('a slow answer takes a tenth of the time at most, and nobody waits for the next one', async () => {
  const { clock, answer } = question(3_000);
  await answer();
  clock.ms += 29_999;
  await answer();
  expect(clock.asked).toBe(1);
  clock.ms += 1;
  expect(await answer()).toBe(1);
  expect(clock.asked).toBe(2);
  expect(await answer()).toBe(2);
});

test('what is older than a minute is waited for', async () => {
  const { clock, answer } = question(3_000);
  await answer();
  clock.ms += 60_000;
  expect(await answer()).toBe(2);
});

test('a failure is told to who asked, and the next one asks anew', async () => {
  let fails = true;
  const answer = keptAnswer(
    async () => {
      if (fails) throw new Error('no');
      return 'yes';
    },
    () => 0,
  );
  await expect(answer()).rejects.toThrow('no');
  fails = false;
  expect(await answer()).toBe('yes');
});
