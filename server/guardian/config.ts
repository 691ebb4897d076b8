/** The guardian's configuration, `config.json` in its folder, and where its other files lie. */
import { join } from 'node:path';
import { z } from 'zod';
import { bytesField, identifierField, textField } from '../../crypto/message.ts';
import { readJson, writeJson } from '../files.ts';

const codes = z
  .int()
  .min(1)
  .max(2 ** 31 - 1);

/** What this guardian grants at most, whatever a roster says: codes a UTC day. */
export const localMaximaSchema = z.strictObject({
  codesPerOfficerAndDay: codes,
  codesPerForceAndDay: codes,
  codesPerIssuerAndDay: codes,
});
export type LocalMaxima = z.output<typeof localMaximaSchema>;

export const guardianConfigSchema = z.strictObject({
  format: z.literal('blindmark-guardian-config-v1'),
  /** This guardian's identifier in ceremonies and rosters. */
  id: identifierField,
  name: textField(100),
  /** Where it listens. */
  host: z.string().min(1).max(255).default('127.0.0.1'),
  port: z.int().min(0).max(65_535),
  maxima: localMaximaSchema,
  /** Hash of the registry's first roster; null until one is accepted. */
  rosterFingerprint: bytesField(32).nullable(),
  /** Whether a roster that says `testRoster` is signed and served. */
  allowTestRoster: z.boolean().default(false),
  /** Worker threads that evaluate; default: one a processor. */
  threads: z.int().min(1).max(64).optional(),
});
export type GuardianConfig = z.output<typeof guardianConfigSchema>;

/** Paths of the guardian's files in its folder. */
export function guardianFiles(folder: string) {
  return {
    config: join(folder, 'config.json'),
    /** The operator's signing key and the exchange key, sealed under the passphrase. */
    keys: join(folder, 'keys.json'),
    /** The key that cosigns the log's checkpoints, sealed under the passphrase. */
    witness: join(folder, 'witness.json'),
    /** The shares of the threshold keys, sealed under the passphrase. */
    shares: join(folder, 'shares.json'),
    /** For whoever prepares a ceremony: the public keys. */
    card: join(folder, 'card.json'),
    /** The chain of rosters that this guardian has accepted. */
    roster: join(folder, 'roster.json'),
    database: join(folder, 'guardian.db'),
    /** Evidence of a fork of the log, for people: both checkpoints. */
    fork: (generation: number, size: number) => join(folder, `fork-${generation}-${size}.txt`),
    /** One key generation at a time holds it. */
    keyGenerationLock: join(folder, 'key-generation.lock'),
    /** What a key generation under way must remember, sealed under the passphrase. */
    keyGeneration: (ceremony: string) => join(folder, `key-generation-${ceremony}.json`),
  };
}

/** @throws BlindmarkError `badFile` */
export function readConfig(folder: string): GuardianConfig {
  return readJson(guardianFiles(folder).config, guardianConfigSchema);
}

/** @throws BlindmarkError `storageFailed` */
export function writeConfig(folder: string, config: GuardianConfig): void {
  writeJson(guardianFiles(folder).config, guardianConfigSchema, config);
}
