import { defineConfig } from 'vitest/config';
import plainSummary from './tests/plain-summary.ts';

/** One project a kind of test; `npm test -- --project unit` runs one. */
const kinds = ['unit', 'property', 'contract', 'simulation', 'golden', 'system', 'containers'];

export default defineConfig({
  test: {
    // Much of a test's time is waiting: for processes, for clocks, for a disk.
    maxWorkers: 2,
    // A busy machine is five times slower than a quiet one; what hangs still ends.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    reporters: ['default', plainSummary()],
    projects: kinds.map((name) => ({
      extends: true as const,
      test: {
        name,
        include: [`tests/${name}/**/*.test.ts`],
        ...(name === 'containers' ? { globalSetup: 'tests/containers/engine.ts' } : {}),
      },
    })),
  },
});
