/** A vault in a file: one line a record, each on disk before it counts, one program at a time. */
import {
  closeSync,
  constants,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { BlindmarkError } from '../../crypto/errors.ts';
import type { StretchParameters } from '../../crypto/stretch.ts';
import { Vault } from '../vault.ts';
import { argon2idNode } from './argon2id.ts';
import { readBytes, syncFolder, unwritable } from './files.ts';

/** A vault that is open in this program. `close` lets others have it. */
export interface OpenVault {
  readonly vault: Vault;
  readonly close: () => void;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Takes the lock file `PATH.lock`; one that a dead program left behind is taken over. */
function lock(path: string): () => void {
  const lockPath = `${path}.lock`;
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(lockPath, String(process.pid), { flag: 'wx', mode: 0o600 });
      return () => {
        unlinkSync(lockPath);
      };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw unwritable(lockPath, cause);
      if (isRunning(Number(readFileSync(lockPath, 'utf8')))) break;
      unlinkSync(lockPath);
    }
  }
  throw new BlindmarkError('unavailable', `${path}: another program has this vault open`, {
    field: path,
    remedy: 'Wait until it has ended. If there is none, delete the file of the same name with .lock at its end.',
  });
}

/** A descriptor that lines are added to durably. */
function openStorage(path: string, flags: number) {
  let file: number;
  try {
    file = openSync(path, flags, 0o600);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw unwritable(path, cause);
    throw new BlindmarkError('badFile', `${path}: there is a file of that name already`, {
      field: path,
      remedy: 'Name another file; this one was left as it is.',
      cause,
    });
  }
  const append = async (lines: readonly string[]): Promise<void> => {
    try {
      // Given a descriptor it writes on until all is written.
      writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
      fsyncSync(file);
    } catch (cause) {
      throw unwritable(path, cause);
    }
  };
  return { file, append };
}

/**
 * Makes a vault file.
 *
 * @param parameters of the passphrase's Argon2id; default: 64 MiB, three passes
 * @throws BlindmarkError `badFile` when there is a file of that name; `storageFailed`
 */
export async function createVaultFile(
  path: string,
  options: {
    readonly phrase: string;
    readonly passphrase: string;
    readonly parameters?: StretchParameters | undefined;
  },
): Promise<OpenVault> {
  const { O_CREAT, O_EXCL, O_APPEND, O_RDWR } = constants;
  const unlock = lock(path);
  try {
    const storage = openStorage(path, O_CREAT | O_EXCL | O_APPEND | O_RDWR);
    const vault = await Vault.create({ ...options, storage, argon2id: argon2idNode });
    syncFolder(dirname(path));
    return closing(vault, storage.file, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

/**
 * Opens a vault file.
 *
 * @throws BlindmarkError `badFile`, `badPassphrase`; `unavailable` while another program has it open
 */
export async function openVaultFile(path: string, passphrase: string): Promise<OpenVault> {
  // Reading first says "no such file" before a lock file is made beside it.
  readBytes(path);
  const unlock = lock(path);
  try {
    const storage = openStorage(path, constants.O_APPEND | constants.O_RDWR);
    const bytes = readBytes(path);
    // Without its line break the last line was never acknowledged.
    const end = bytes.lastIndexOf(0x0a) + 1;
    if (end < bytes.length) ftruncateSync(storage.file, end);
    const lines = new TextDecoder().decode(bytes.subarray(0, end)).split('\n').slice(0, -1);
    const vault = await Vault.open({ lines, passphrase, storage, argon2id: argon2idNode });
    return closing(vault, storage.file, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

function closing(vault: Vault, file: number, unlock: () => void): OpenVault {
  return {
    vault,
    close: () => {
      closeSync(file);
      unlock();
    },
  };
}
