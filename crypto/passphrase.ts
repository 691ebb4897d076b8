/** Files sealed under a passphrase: an owner's vault, a guardian's shares. */
import { z } from 'zod';
import { parseJsonBytes, randomBytes, utf8ToBytes, type RandomSource } from './bytes.ts';
import { BlindmarkError, isBlindmarkError } from './errors.ts';
import { labelledHash } from './hash.ts';
import { bytesField, formatMessage, parseMessage } from './message.ts';
import { openWithKey, sealWithKey } from './seal.ts';
import {
  argon2idWasm,
  checkStretchParameters,
  STRETCH_FLOOR,
  type Argon2id,
  type StretchParameters,
} from './stretch.ts';

/** The shortest passphrase that a new file is sealed under, in Unicode code points. */
export const MIN_PASSPHRASE_LENGTH = 8;

const positive = z
  .int()
  .min(1)
  .max(2 ** 31 - 1);

/** How a passphrase becomes a key: Argon2id (RFC 9106) parameters and salt. */
export const passphraseLockSchema = z.strictObject({
  memoryKiB: positive,
  passes: positive,
  lanes: positive,
  salt: bytesField(16),
});
export type PassphraseLock = z.output<typeof passphraseLockSchema>;

/** A new lock with a random salt. */
export function createPassphraseLock(
  parameters: StretchParameters = STRETCH_FLOOR,
  random: RandomSource = randomBytes,
): PassphraseLock {
  return { ...parameters, salt: random(16) };
}

/**
 * The key that a passphrase stands for.
 *
 * @returns 32 bytes
 * @throws BlindmarkError `badInput` when the lock asks for more work than {@link checkStretchParameters} allows;
 *   `badPassphrase` for an empty one
 */
export async function derivePassphraseKey(
  passphrase: string,
  lock: PassphraseLock,
  argon2id: Argon2id = argon2idWasm,
): Promise<Uint8Array> {
  checkStretchParameters('lock', lock, true);
  if (passphrase === '') throw badPassphrase();
  return argon2id(utf8ToBytes(passphrase.normalize('NFKC')), lock.salt, lock, 32);
}

/**
 * Checks a passphrase that is to seal a new file.
 *
 * @throws BlindmarkError `badPassphrase`
 */
export function checkNewPassphrase(passphrase: string): void {
  if (Array.from(passphrase).length >= MIN_PASSPHRASE_LENGTH) return;
  throw new BlindmarkError('badPassphrase', `A passphrase has at least ${MIN_PASSPHRASE_LENGTH} characters`, {
    field: 'passphrase',
    remedy: 'Choose a longer one: four or five words that nobody would guess together.',
  });
}

/** The error of a passphrase that does not open a file, or of a file that was altered: the two can't be told apart. */
export function badPassphrase(cause?: unknown): BlindmarkError {
  return new BlindmarkError('badPassphrase', 'The passphrase does not open this file, or the file was altered', {
    field: 'passphrase',
    remedy: 'Type the passphrase again; if it is right, restore the file from a copy.',
    cause,
  });
}

/** A small file sealed whole. */
export const sealedFileSchema = z.strictObject({
  format: z.literal('blindmark-sealed-v1'),
  /** What it holds: `guardian-keys`. Bound by the seal, so that no sealed file serves as another. */
  purpose: z.string().max(64),
  lock: passphraseLockSchema,
  box: bytesField(40, 4_000_000),
});

/**
 * Seals bytes under a passphrase.
 *
 * @returns JSON text
 */
export async function sealFile(
  passphrase: string,
  purpose: string,
  plaintext: Uint8Array,
  options: {
    readonly argon2id?: Argon2id;
    readonly parameters?: StretchParameters;
    readonly random?: RandomSource;
  } = {},
): Promise<string> {
  const random = options.random ?? randomBytes;
  const lock = createPassphraseLock(options.parameters, random);
  const key = await derivePassphraseKey(passphrase, lock, options.argon2id);
  const box = sealWithKey(key, plaintext, labelledHash('sealed-file', purpose), random);
  return `${JSON.stringify(formatMessage(sealedFileSchema, { format: 'blindmark-sealed-v1', purpose, lock, box }))}\n`;
}

/**
 * Opens what {@link sealFile} sealed for the same purpose.
 *
 * @throws BlindmarkError `badFile` when the text is no sealed file of that purpose; `badPassphrase`; `badInput` when its lock
 *   asks for more work than allowed
 */
export async function openFile(
  passphrase: string,
  purpose: string,
  text: string,
  argon2id: Argon2id = argon2idWasm,
): Promise<Uint8Array> {
  let file: z.output<typeof sealedFileSchema>;
  try {
    file = parseMessage(sealedFileSchema, parseJsonBytes('file', utf8ToBytes(text)));
  } catch (cause) {
    throw new BlindmarkError('badFile', 'The file is not a sealed file', { cause });
  }
  if (file.purpose !== purpose) {
    throw new BlindmarkError('badFile', `The file is sealed for another purpose than ${purpose}`);
  }
  const key = await derivePassphraseKey(passphrase, file.lock, argon2id);
  try {
    return openWithKey(key, file.box, labelledHash('sealed-file', purpose));
  } catch (cause) {
    if (isBlindmarkError(cause, 'badEnvelope')) throw badPassphrase(cause);
    throw cause;
  }
}
