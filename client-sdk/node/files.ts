/** Files of owners, officers and vendors: read whole, written whole or not at all. */
import { readFileSync } from 'node:fs';
import { sync as writeFileAtomicSync } from 'write-file-atomic';
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

/**
 * Writes a file, readable by its owner alone: whatever happens, either the old or the new content is there.
 *
 * @throws BlindmarkError `storageFailed`
 */
export function writeFile(path: string, content: string | Uint8Array): void {
  try {
    writeFileAtomicSync(path, typeof content === 'string' ? content : Buffer.from(content), { mode: 0o600 });
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
