import { defineConfig } from 'vitest/config';

/** One project a kind of test; `npm test -- --project unit` runs one. */
const kinds = ['unit', 'property', 'contract', 'simulation', 'golden', 'system'];

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: kinds.map((name) => ({
      extends: true as const,
      test: { name, include: [`tests/${name}/**/*.test.ts`] },
    })),
  },
});
