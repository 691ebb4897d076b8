import { readFileSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** A folder in memory: there are some on most Linux machines, of very different sizes. */
const MEMORY = '/dev/shm';

/** Whether files may be there as on disk: gigabytes of them, and programs among them. */
function isRoomInMemory(): boolean {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    const mount = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .findLast((line) => line.split(' ')[1] === MEMORY);
    return bavail * bsize > 4e9 && mount !== undefined && !mount.includes('noexec');
  } catch {
    return false;
  }
}

// Programs that tests start, again and again, are compiled once.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/blindmark-compiled');

// Services sync whatever they write, thousands of times in a run. Killed processes, all that tests can see of that, do not tell
// memory from a disk.
if (isRoomInMemory()) process.env['TMPDIR'] ??= MEMORY;

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
