/** Files of owners, officers and vendors: read whole, written whole or not at all. */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { BlindmarkError } from '../../crypto/errors.ts';

/**
 * Reads a file.
 *
 * @throws BlindmarkError `badFile`
 */
export function readBytes(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new BlindmarkError('badFile', `${path}: ${isMissing ? 'there is no such file' : 'it cannot be read'}`, {
      field: path,
      remedy: isMissing ? 'Check the name.' : 'See that you may read it.',
      cause,
    });
  }
}

/** Makes a folder's entries durable: a file that was made or renamed in it. */
export function syncFolder(path: string): void {
  // Not every system lets a folder be opened; there the file's own flush is all there is.
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function replaceFile(path: string, content: string): void {
  const target = existsSync(path) ? realpathSync(path) : path;
  const temporary = `${target}.${randomUUID()}.new`;
  try {
    // Writes on until all is written; a disk that fills up on the way is an error.
    writeFileSync(temporary, content, { flag: 'wx', mode: 0o600, flush: true });
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(target));
}

/**
 * Writes a file, readable by its owner alone: whatever happens, either the old or the new content is there.
 *
 * @throws BlindmarkError `storageFailed`
 */
export function writeFile(path: string, content: string): void {
  try {
    replaceFile(path, content);
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/** The error of a file that cannot be written. */
export function unwritable(path: string, cause: unknown): BlindmarkError {
  return new BlindmarkError('storageFailed', `${path}: it cannot be written`, {
    field: path,
    remedy: 'See that the folder exists, that you may write there, and that the disk is not full.',
    cause,
  });
}
