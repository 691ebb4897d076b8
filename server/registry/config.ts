/** The registry's configuration: `config.json` in its folder. */
import { join } from 'node:path';
import { z } from 'zod';
import { badInput, BlindmarkError } from '../../crypto/errors.ts';
import { bytesField, identifierField } from '../../crypto/message.ts';
import { originField, type Roster } from '../../crypto/roster.ts';
import { readJson, writeJson } from '../files.ts';

const urlField = z.url({ protocol: /^https?$/u }).max(200);

export const registryConfigSchema = z.strictObject({
  format: z.literal('blindmark-registry-config-v1'),
  /** The registry's name: part of every hash and signature, never changed. */
  origin: originField,
  /** Where clients reach it. */
  url: urlField,
  /** Where it listens. */
  host: z.string().min(1).max(255).default('127.0.0.1'),
  port: z.int().min(0).max(65_535),
  /** Hash of the first roster; null until one is published. */
  rosterFingerprint: bytesField(32).nullable(),
  /** Whether a roster that says `testRoster` is served. */
  allowTestRoster: z.boolean().default(false),
  /** Where each guardian of the roster is reached. */
  guardians: z.array(z.strictObject({ id: identifierField, url: urlField })).max(255),
  /** Milliseconds after which a guardian's answer is not waited for any more. */
  guardianTimeoutMs: z.int().min(10).max(60_000).default(5000),
  /** Worker threads that check the guardians' proofs; default: half of the processors. */
  threads: z.int().min(1).max(64).optional(),
  /** Folder of the pages that are served, from the registry's; null for none. Default: this project's own, once they are built. */
  pages: z.string().min(1).max(4096).nullable().optional(),
});
export type RegistryConfig = z.output<typeof registryConfigSchema>;

/** Paths of the registry's files in its folder. */
export function registryFiles(folder: string) {
  return {
    config: join(folder, 'config.json'),
    /** The chain of rosters. */
    roster: join(folder, 'roster.json'),
    database: join(folder, 'registry.db'),
    /** Secret: what signs the log, and what salts its entries. */
    logKey: join(folder, 'log-key.json'),
    /** For owners: address and fingerprint. */
    registryFile: join(folder, 'registry.json'),
  };
}

/** @throws BlindmarkError `badFile` */
export function readConfig(folder: string): RegistryConfig {
  return readJson(registryFiles(folder).config, registryConfigSchema);
}

/** @throws BlindmarkError `storageFailed` */
export function writeConfig(folder: string, config: RegistryConfig): void {
  writeJson(registryFiles(folder).config, registryConfigSchema, config);
}

/**
 * Reads guardians as the command line takes them: `g1=https://guardian.example`.
 *
 * @throws BlindmarkError `badInput`
 */
export function parseGuardianOption(text: string): RegistryConfig['guardians'][number] {
  const at = text.indexOf('=');
  const parsed = registryConfigSchema.shape.guardians.element.safeParse({
    id: text.slice(0, Math.max(at, 0)),
    url: text.slice(at + 1),
  });
  if (!parsed.success) throw badInput('--guardian', 'an identifier and an address, as g1=https://guardian.example');
  return parsed.data;
}

/**
 * The addresses of the roster's guardians, in its order.
 *
 * @throws BlindmarkError `badFile` for a guardian without one
 */
export function guardianAddresses(
  folder: string,
  config: RegistryConfig,
  roster: Roster,
): { id: string; url: string }[] {
  return roster.guardians.map(({ id }) => {
    const found = config.guardians.find((guardian) => guardian.id === id);
    if (found !== undefined) return found;
    throw new BlindmarkError('badFile', `${registryFiles(folder).config}: no address for the roster’s guardian ${id}`, {
      field: 'guardians',
      remedy: 'Add its identifier and address to the list of guardians.',
    });
  });
}
