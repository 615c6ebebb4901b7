import { defineConfig } from 'vitest/config';

/** Tests without services keep no state in modules, so a process may run many of their files. */
const pure = { isolate: false } as const;
const node = { environment: 'node', testTimeout: 20_000, hookTimeout: 60_000 } as const;

export default defineConfig({
  test: {
    projects: [
      { test: { ...node, ...pure, name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      {
        test: {
          ...node,
          ...pure,
          name: 'conformance',
          include: ['test/conformance/**/*.test.ts'],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          ...node,
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          ...node,
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          testTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
