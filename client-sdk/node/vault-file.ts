/** A vault in a file: one line a record, each on disk before it counts, one program at a time. */
import { closeSync, constants, existsSync, fsyncSync, openSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { BlindmarkError } from '../../crypto/errors.ts';
import type { StretchParameters } from '../../crypto/stretch.ts';
import { formatVaultText, parseVaultText, Vault, type VaultStorage } from '../vault.ts';
import { argon2idNode } from './argon2id.ts';
import { readBytes, syncFolder, unwritable } from './files.ts';

/** A vault that is open in this program. `close` lets others have it. */
export interface OpenVault {
  readonly vault: Vault;
  readonly close: () => void;
}

/** Takes `PATH.lock`. The operating system holds it, so that a killed program leaves nothing to clear away. */
function lock(path: string): () => void {
  const lockPath = `${path}.lock`;
  let db: DatabaseSync;
  try {
    closeSync(openSync(lockPath, 'a', 0o600));
    db = new DatabaseSync(lockPath, { timeout: 0 });
  } catch (cause) {
    throw unwritable(lockPath, cause);
  }
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    db.close();
    throw new BlindmarkError('unavailable', `${path}: another program has this vault open`, {
      field: path,
      remedy: 'Wait until it has ended.',
      cause,
    });
  }
  return () => {
    db.close();
  };
}

/** A file that lines are added to, each on disk before it counts. */
class LineFile implements VaultStorage {
  readonly #path: string;
  readonly #flags: number;
  #descriptor: number | undefined;
  #isClosed = false;

  /** @param flags with which it is opened, at the first line */
  constructor(path: string, flags: number) {
    this.#path = path;
    this.#flags = flags;
  }

  async append(lines: readonly string[]): Promise<void> {
    if (this.#isClosed) throw unwritable(this.#path, new Error('the vault is closed'));
    try {
      this.#descriptor ??= openSync(this.#path, this.#flags, 0o600);
      // Given a descriptor it writes on until all is written.
      writeFileSync(this.#descriptor, formatVaultText(lines));
      fsyncSync(this.#descriptor);
    } catch (cause) {
      throw unwritable(this.#path, cause);
    }
  }

  close(): void {
    this.#isClosed = true;
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

function isTaken(path: string): BlindmarkError {
  return new BlindmarkError('badFile', `${path}: there is a file of that name already`, {
    field: path,
    remedy: 'Name another file; this one was left as it is.',
  });
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
  if (existsSync(path)) throw isTaken(path);
  const unlock = lock(path);
  // Made with its first lines: an interrupted call leaves no file that is no vault.
  const storage = new LineFile(path, O_CREAT | O_EXCL | O_APPEND | O_RDWR);
  try {
    const vault = await Vault.create({ ...options, storage, argon2id: argon2idNode });
    syncFolder(dirname(path));
    return closing(vault, storage, unlock);
  } catch (error) {
    storage.close();
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
    const bytes = readBytes(path);
    // Without its line break the last line was never acknowledged.
    const end = bytes.lastIndexOf(0x0a) + 1;
    if (end < bytes.length) truncateSync(path, end);
    const lines = parseVaultText(new TextDecoder().decode(bytes.subarray(0, end)));
    const storage = new LineFile(path, constants.O_APPEND | constants.O_RDWR);
    return closing(await Vault.open({ lines, passphrase, storage, argon2id: argon2idNode }), storage, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

function closing(vault: Vault, storage: LineFile, unlock: () => void): OpenVault {
  return {
    vault,
    close: () => {
      storage.close();
      unlock();
    },
  };
}
