/** Folders that a test may write to, gone when it is over. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** An empty folder that is removed when the running test has finished. */
export function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'blindmark-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
