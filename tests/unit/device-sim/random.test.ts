import { expect, test } from 'vitest';
import { bell, noise, seededRandom, uniform } from '#device-sim/random.ts';

test('the same seed and stream give the same numbers, another of either gives others', () => {
  const draw = (seed: number, stream: string) => {
    const random = seededRandom(seed, stream);
    return Array.from({ length: 20 }, () => random.next());
  };
  expect(draw(7, 'city')).toEqual(draw(7, 'city'));
  expect(draw(7, 'city')).not.toEqual(draw(8, 'city'));
  expect(draw(7, 'city')).not.toEqual(draw(7, 'names'));
});

test('uniform noise of neighbouring minutes is even and unrelated', () => {
  const values = Array.from({ length: 50_000 }, (_, i) => uniform(noise(3, 12, 29_000_000 + i)));
  const mean = values.reduce((a, b) => a + b) / values.length;
  const lagged =
    values.slice(1).reduce((sum, v, i) => sum + (v - 0.5) * (values[i]! - 0.5), 0) / values.length;
  const tenths = new Array<number>(10).fill(0);
  for (const v of values) tenths[Math.floor(v * 10)]!++;
  expect(mean).toBeCloseTo(0.5, 2);
  expect(Math.abs(lagged * 12)).toBeLessThan(0.02);
  for (const n of tenths) expect(Math.abs(n - 5_000)).toBeLessThan(300);
});

test('bell noise has mean 0 and standard deviation 1', () => {
  const values = Array.from({ length: 50_000 }, (_, i) => bell(noise(5, 1, i)));
  const mean = values.reduce((a, b) => a + b) / values.length;
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
  expect(Math.abs(mean)).toBeLessThan(0.02);
  expect(Math.sqrt(variance)).toBeCloseTo(1, 1);
});

test('a shuffle keeps every element', () => {
  const list = Array.from({ length: 100 }, (_, i) => i);
  const shuffled = seededRandom(1, 'shuffle').shuffle(list);
  expect(shuffled).not.toEqual(list);
  expect([...shuffled].sort((a, b) => a - b)).toEqual(list);
});
