/** The guardian's secrets at rest: keys, shares and key generations under way, each a file sealed under the passphrase. */
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { formatJsonBytes, parseJsonBytes } from '../../crypto/bytes.ts';
import { KEY_PURPOSES } from '../../crypto/dkg-messages.ts';
import { bytesField, formatMessage, parseMessage } from '../../crypto/message.ts';
import { openFile, sealFile } from '../../crypto/passphrase.ts';
import { originField } from '../../crypto/roster.ts';
import { createExchangeKey, type ExchangeKey } from '../../crypto/seal.ts';
import { createSigningKey, type SigningKey } from '../../crypto/signature.ts';
import { STRETCH_FLOOR, type StretchParameters } from '../../crypto/stretch.ts';
import { MAX_SHARES } from '../../crypto/threshold.ts';
import { argon2id } from '../argon2id.ts';
import { readText, writeText } from '../files.ts';
import { guardianFiles } from './config.ts';

const keysSchema = z.strictObject({ operatorSeed: bytesField(32), exchangeSecret: bytesField(32) });
const witnessSchema = z.strictObject({ witnessSeed: bytesField(32) });

/** A guardian's own keys. */
export interface GuardianKeys {
  /** Signs rosters and key generation. */
  readonly operator: SigningKey;
  /** Shares travel sealed to it. */
  readonly exchange: ExchangeKey;
  /** Cosigns the log's checkpoints. In a file of its own: a running guardian needs this key alone. */
  readonly witness: SigningKey;
}

/** A share of one epoch's threshold key, with what all guardians confirmed of the key. */
export const guardianShareSchema = z.strictObject({
  purpose: z.enum(KEY_PURPOSES),
  origin: originField,
  epoch: z.int().min(1),
  /** Hash of the ceremony that it came from. */
  ceremony: bytesField(32),
  /** Position in the threshold key, from 1. */
  index: z.int().min(1).max(MAX_SHARES),
  /** 32-byte scalar. Never leaves the guardian. */
  secret: bytesField(32),
  groupKey: bytesField(32),
  /** In the order of the indexes. */
  publicShares: z.array(bytesField(32)).min(2).max(MAX_SHARES),
});
export type GuardianShare = z.output<typeof guardianShareSchema>;

const sharesSchema = z.strictObject({ shares: z.array(guardianShareSchema).max(1000) });

/**
 * Reads a sealed file.
 *
 * @param purpose what it was sealed for
 * @throws BlindmarkError `badFile`, `badPassphrase`
 */
export async function readSealed<T extends z.ZodType>(
  path: string,
  purpose: string,
  schema: T,
  passphrase: string,
): Promise<z.output<T>> {
  return parseMessage(
    schema,
    parseJsonBytes(path, await openFile(passphrase, purpose, readText(path), argon2id)),
    path,
  );
}

/**
 * Writes a sealed file, whole or not at all.
 *
 * @param parameters of the passphrase's Argon2id; default: the floor
 * @throws BlindmarkError `storageFailed`
 */
export async function writeSealed<T extends z.ZodType>(
  path: string,
  purpose: string,
  schema: T,
  value: z.output<T>,
  passphrase: string,
  parameters: StretchParameters = STRETCH_FLOOR,
): Promise<void> {
  const plaintext = formatJsonBytes(formatMessage(schema, value));
  writeText(path, await sealFile(passphrase, purpose, plaintext, { argon2id, parameters }));
}

/** New keys. */
export function createKeys(): GuardianKeys {
  return { operator: createSigningKey(), exchange: createExchangeKey(), witness: createSigningKey() };
}

/** @throws BlindmarkError `badFile`, `badPassphrase` */
export async function readWitnessKey(folder: string, passphrase: string): Promise<SigningKey> {
  const { witness } = guardianFiles(folder);
  return createSigningKey((await readSealed(witness, 'guardian-witness', witnessSchema, passphrase)).witnessSeed);
}

/** @throws BlindmarkError `badFile`, `badPassphrase` */
export async function readKeys(folder: string, passphrase: string): Promise<GuardianKeys> {
  const keys = await readSealed(guardianFiles(folder).keys, 'guardian-keys', keysSchema, passphrase);
  const witness = await readWitnessKey(folder, passphrase);
  return { operator: createSigningKey(keys.operatorSeed), exchange: createExchangeKey(keys.exchangeSecret), witness };
}

/** @throws BlindmarkError `storageFailed` */
export async function writeKeys(
  folder: string,
  passphrase: string,
  { operator, exchange, witness }: GuardianKeys,
  parameters?: StretchParameters,
): Promise<void> {
  const files = guardianFiles(folder);
  const keys = { operatorSeed: operator.seed, exchangeSecret: exchange.secret };
  await writeSealed(
    files.witness,
    'guardian-witness',
    witnessSchema,
    { witnessSeed: witness.seed },
    passphrase,
    parameters,
  );
  await writeSealed(files.keys, 'guardian-keys', keysSchema, keys, passphrase, parameters);
}

/**
 * The guardian's shares; none before its first key generation.
 *
 * @throws BlindmarkError `badFile`, `badPassphrase`
 */
export async function readShares(folder: string, passphrase: string): Promise<GuardianShare[]> {
  const { shares } = guardianFiles(folder);
  if (!existsSync(shares)) return [];
  return (await readSealed(shares, 'guardian-shares', sharesSchema, passphrase)).shares;
}

/** @throws BlindmarkError `storageFailed` */
export async function writeShares(
  folder: string,
  passphrase: string,
  shares: readonly GuardianShare[],
  parameters?: StretchParameters,
): Promise<void> {
  const value = { shares: [...shares] };
  await writeSealed(guardianFiles(folder).shares, 'guardian-shares', sharesSchema, value, passphrase, parameters);
}
