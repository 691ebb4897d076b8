import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// Programs that tests start, again and again, are compiled once.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/blindmark-compiled');

// oxlint-disable-next-line import/no-default-export -- Vitest reads the default export.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    // Most of a file's cost was its imports.
    isolate: false,
  },
});
