import { defineConfig } from 'vitest/config';
import plainSummary from './tests/plain-summary.ts';

/** One project a kind of test; `npm test -- --project unit` runs one. */
const kinds = ['unit', 'property', 'contract', 'simulation', 'golden', 'system'];

export default defineConfig({
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ['default', plainSummary()],
    projects: kinds.map((name) => ({
      extends: true as const,
      test: { name, include: [`tests/${name}/**/*.test.ts`] },
    })),
  },
});
