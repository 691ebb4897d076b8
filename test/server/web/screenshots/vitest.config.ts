/** `npm run screenshots`: not a test, but it takes a browser, services and steps as tests do. */
import { defineConfig } from 'vitest/config';

// oxlint-disable-next-line import/no-default-export -- Vitest reads the default export.
export default defineConfig({
  test: { include: ['test/server/web/screenshots/take.ts'], testTimeout: 300_000, hookTimeout: 120_000 },
});
