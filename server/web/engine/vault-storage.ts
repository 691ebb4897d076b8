/** The vault's storage as the SDK writes to it, with the SDK's errors. */
import { BlindmarkError, type VaultStorage } from '../../../client-sdk/index.ts';
import { storageFailed } from './storage-failed.ts';
import { LinesChanged, type VaultDatabase } from './vault-database.ts';

/** The error of a vault that could not be written, read or removed. */
export function vaultFailure(cause: unknown): BlindmarkError {
  if (cause instanceof LinesChanged) {
    return new BlindmarkError('storageFailed', 'The vault in this browser was changed or removed while it was open', {
      field: 'vault',
      remedy: 'Reload the page. If the vault is gone, take it from a vault file, or from the recovery phrase.',
      cause,
    });
  }
  return storageFailed(cause, 'vault');
}

/** The error of stored lines that are no vault. */
function altered(cause: unknown): BlindmarkError {
  return new BlindmarkError('badFile', 'The vault in this browser was altered: a record is missing', {
    field: 'vault',
    remedy: 'Restore it from a vault file, or start a new vault from the recovery phrase and recover each mark.',
    cause,
  });
}

/** Every line of the vault; none where there is no vault. @throws BlindmarkError `badFile`, `storageFailed` */
export async function readVaultLines(database: VaultDatabase): Promise<string[]> {
  try {
    return await database.readLines();
  } catch (error) {
    throw error instanceof LinesChanged ? altered(error) : vaultFailure(error);
  }
}

/**
 * Storage for a vault with so many lines.
 *
 * @param lines 0 for a new one
 */
export function createVaultStorage(database: VaultDatabase, lines: number): VaultStorage {
  let next = lines;
  return {
    isAtomic: true,
    append: async (added) => {
      try {
        await database.add(added, next);
      } catch (error) {
        throw vaultFailure(error);
      }
      next += added.length;
    },
  };
}
