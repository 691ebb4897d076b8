/** The secrets of the registry's log, `log-key.json` in its folder: the key of each generation, and what salts follow from. */
import { equalBytes, randomBytes, type RandomSource } from '../../crypto/bytes.ts';
import { BlindmarkError } from '../../crypto/errors.ts';
import { deriveKey } from '../../crypto/hash.ts';
import { bytesField } from '../../crypto/message.ts';
import type { RosterLog } from '../../crypto/roster.ts';
import { createSigningKey, type SigningKey } from '../../crypto/signature.ts';
import { z } from 'zod';
import { readJson, writeJson } from '../files.ts';
import { registryFiles } from './config.ts';

export const logKeysSchema = z.strictObject({
  format: z.literal('blindmark-log-key-v1'),
  /** The salts of entries follow from it: who has it can say which entries are of a registration that he knows of. */
  saltKey: bytesField(32),
  /** The Ed25519 seed of each generation of the log, the first one first. The last may belong to a roster yet to be signed. */
  seeds: z.array(bytesField(32)).min(1),
});
export type LogKeys = z.output<typeof logKeysSchema>;

/** The secrets of a first log. */
export function createLogKeys(random: RandomSource = randomBytes): LogKeys {
  return { format: 'blindmark-log-key-v1', saltKey: random(32), seeds: [random(32)] };
}

/** @throws BlindmarkError `badFile` */
export function readLogKeys(folder: string): LogKeys {
  return readJson(registryFiles(folder).logKey, logKeysSchema);
}

/** Readable by its owner alone. Throws `storageFailed`. */
export function writeLogKeys(folder: string, keys: LogKeys): void {
  writeJson(registryFiles(folder).logKey, logKeysSchema, keys);
}

/** The same secrets with keys up to this generation: those that are there, and new ones for the rest. */
export function addGeneration(keys: LogKeys, generation: number, random: RandomSource = randomBytes): LogKeys {
  const missing = Math.max(0, generation - keys.seeds.length);
  return { ...keys, seeds: [...keys.seeds, ...Array.from({ length: missing }, () => random(32))] };
}

/** The key of a generation. */
export function generationKey({ seeds }: LogKeys, generation: number): SigningKey | undefined {
  const seed = seeds[generation - 1];
  return seed === undefined ? undefined : createSigningKey(seed);
}

/**
 * The key of the log that a roster names.
 *
 * @throws BlindmarkError `badFile` when the file holds another
 */
export function logSigningKey(keys: LogKeys, { generation, publicKey }: RosterLog): SigningKey {
  const key = generationKey(keys, generation);
  if (key !== undefined && equalBytes(key.publicKey, publicKey)) return key;
  throw new BlindmarkError('badFile', 'log-key.json does not hold the key of the log that the roster names', {
    field: 'log-key.json',
    remedy:
      'Restore the file. If its key is lost, draft a roster with a successor log, and have the guardians sign it.',
  });
}

/**
 * The salt of one entry's mark. It follows from the entry's append key, so none is stored, and whoever completes an entry after
 * a crash finds the same.
 *
 * @returns 32 bytes
 */
export function entrySalt(saltKey: Uint8Array, appendKey: Uint8Array): Uint8Array {
  return deriveKey(saltKey, 32, new Uint8Array(), 'entry-salt', appendKey);
}
