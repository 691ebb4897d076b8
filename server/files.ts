/** Configuration and key files of the services: read whole and checked, written whole or not at all. */
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
import type { z } from 'zod';
import { BlindmarkError } from '../crypto/errors.ts';
import { formatMessage, parseMessage } from '../crypto/message.ts';

function unreadable(path: string, cause: unknown): BlindmarkError {
  const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
  return new BlindmarkError('badFile', `${path}: ${isMissing ? 'there is no such file' : 'it cannot be read'}`, {
    field: path,
    remedy: isMissing ? 'Name another file, or make it first; --help says how.' : 'See that this user may read it.',
    cause,
  });
}

/** @throws BlindmarkError `badFile` */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/**
 * Reads a JSON file.
 *
 * @throws BlindmarkError `badFile`, naming the file and in it the field at fault
 */
export function readJson<T extends z.ZodType>(path: string, schema: T): z.output<T> {
  const text = readText(path);
  try {
    return parseMessage(schema, JSON.parse(text));
  } catch (cause) {
    const reason = cause instanceof BlindmarkError ? cause.message : 'not JSON';
    // Without its cause: the parser's message quotes the file, which may hold a key.
    throw new BlindmarkError('badFile', `${path}: ${reason}`, { field: path, remedy: 'Mend the file.' });
  }
}

/** Makes a rename durable, where the system can do that at all. */
function syncFolder(folder: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(folder, 'r');
  } catch {
    return;
  }
  try {
    fsyncSync(descriptor);
  } catch (error) {
    if (!['EINVAL', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** The whole text is on disk under another name before it takes the place of the old. */
function replaceFile(path: string, text: string, mode: number): void {
  const target = existsSync(path) ? realpathSync(path) : path;
  const temporary = `${target}.${randomUUID()}.new`;
  try {
    const descriptor = openSync(temporary, 'wx', mode);
    try {
      // Given a descriptor it writes on until all is written; a disk that fills up on the way is an error.
      writeFileSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(target));
}

/**
 * Writes a file so that, whatever happens, either the old or the new content is there.
 *
 * @param mode less what the process's umask takes away; default: readable by its owner alone
 * @throws BlindmarkError `storageFailed`
 */
export function writeText(path: string, text: string, mode = 0o600): void {
  try {
    replaceFile(path, text, mode);
  } catch (cause) {
    throw new BlindmarkError('storageFailed', `${path}: it cannot be written`, {
      field: path,
      remedy: 'See that the folder exists, that this user may write there, and that the disk is not full.',
      cause,
    });
  }
}

/** Writes a JSON file. */
export function writeJson<T extends z.ZodType>(path: string, schema: T, value: z.output<T>, mode?: number): void {
  writeText(path, `${JSON.stringify(formatMessage(schema, value), null, 2)}\n`, mode);
}
