/** The issuer's files: `config.json`, the sealed token keys, `card.json`, and where they lie. */
import { join } from 'node:path';
import { z } from 'zod';
import { formatJsonBytes, parseJsonBytes } from '../../crypto/bytes.ts';
import { badInput, BlindmarkError } from '../../crypto/errors.ts';
import { bytesField, formatMessage, identifierField, parseMessage, textField } from '../../crypto/message.ts';
import { openFile, sealFile } from '../../crypto/passphrase.ts';
import { quarterField, quarterOf, rosterIssuerSchema, shiftQuarter } from '../../crypto/roster.ts';
import { TOKEN_KEY_BYTES } from '../../crypto/token-key.ts';
import { argon2id } from '../argon2id.ts';
import { readJson, readText, writeJson, writeText } from '../files.ts';
import { createTokenKey } from './token-key.ts';

const vendorSchema = z.strictObject({
  id: identifierField,
  name: textField(100),
  /** The vendor's Ed25519 key. */
  publicKey: bytesField(32),
});
export type IssuerVendor = z.output<typeof vendorSchema>;

export const issuerConfigSchema = z.strictObject({
  format: z.literal('blindmark-issuer-config-v1'),
  id: identifierField,
  name: textField(100),
  /** What the first byte of this issuer's activation keys says. */
  number: z.int().min(0).max(255),
  /** Where owners reach it. */
  url: z.url({ protocol: /^https?$/u }).max(200),
  /** Where it listens. */
  host: z.string().min(1).max(255).default('127.0.0.1'),
  port: z.int().min(0).max(65_535),
  /** Evaluations a day that it asks the registry's roster for. */
  codesPerDay: z
    .int()
    .min(1)
    .max(2 ** 31 - 1),
  /** Who may add packs. */
  vendors: z.array(vendorSchema).max(1000),
});
export type IssuerConfig = z.output<typeof issuerConfigSchema>;

/** One RSA key a quarter: more would mark buyers. */
export const issuerTokenKeySchema = z.strictObject({
  quarter: quarterField,
  publicKey: bytesField(TOKEN_KEY_BYTES),
  /** PKCS#8. */
  privateKey: bytesField(1000, 2000),
});
export type IssuerTokenKey = z.output<typeof issuerTokenKeySchema>;

const tokenKeysSchema = z.strictObject({ tokenKeys: z.array(issuerTokenKeySchema).min(1).max(100) });
const TOKEN_KEYS_PURPOSE = 'issuer-token-keys';

/** Paths of the issuer's files in its folder. */
export function issuerFiles(folder: string) {
  return {
    config: join(folder, 'config.json'),
    /** Sealed under the passphrase. */
    tokenKeys: join(folder, 'token-keys.json'),
    database: join(folder, 'issuer.db'),
    /** For the registry: this issuer's entry in the roster. */
    card: join(folder, 'card.json'),
  };
}

/** @throws BlindmarkError `badFile` */
export function readConfig(folder: string): IssuerConfig {
  return readJson(issuerFiles(folder).config, issuerConfigSchema);
}

/** @throws BlindmarkError `storageFailed` */
export function writeConfig(folder: string, config: IssuerConfig): void {
  writeJson(issuerFiles(folder).config, issuerConfigSchema, config);
}

/** @throws BlindmarkError `badFile`, `badPassphrase` */
export async function readTokenKeys(folder: string, passphrase: string): Promise<IssuerTokenKey[]> {
  const file = issuerFiles(folder).tokenKeys;
  const plaintext = await openFile(passphrase, TOKEN_KEYS_PURPOSE, readText(file), argon2id);
  return parseMessage(tokenKeysSchema, parseJsonBytes(file, plaintext), file).tokenKeys;
}

/** @throws BlindmarkError `storageFailed` */
export async function writeTokenKeys(folder: string, passphrase: string, tokenKeys: IssuerTokenKey[]): Promise<void> {
  const plaintext = formatJsonBytes(formatMessage(tokenKeysSchema, { tokenKeys }));
  writeText(issuerFiles(folder).tokenKeys, await sealFile(passphrase, TOKEN_KEYS_PURPOSE, plaintext, { argon2id }));
}

/** Writes `card.json`: what a registry takes into its roster. */
export function writeCard(folder: string, config: IssuerConfig, tokenKeys: readonly IssuerTokenKey[]): void {
  const { id, name, number, url, codesPerDay } = config;
  writeJson(
    issuerFiles(folder).card,
    rosterIssuerSchema,
    {
      number,
      id,
      name,
      url,
      codesPerDay,
      tokenKeys: tokenKeys.map(({ quarter, publicKey }) => ({ quarter, publicKey })),
    },
    0o644,
  );
}

/**
 * Adds a token key for a quarter, and drops those that no token may be under any more.
 *
 * @param now epoch seconds
 * @throws BlindmarkError `badInput` when that quarter is over or has its key
 */
export async function addTokenKey(
  tokenKeys: readonly IssuerTokenKey[],
  quarter: string,
  now: number,
): Promise<IssuerTokenKey[]> {
  if (!quarterField.safeParse(quarter).success) throw badInput('quarter', 'a quarter, as 2027-Q1');
  // Quarters of four-digit years sort as text.
  const current = quarterOf(now);
  if (quarter < current) throw badInput('quarter', `${current} or a later one`);
  if (tokenKeys.some((key) => key.quarter === quarter)) {
    throw new BlindmarkError('badInput', `quarter: ${quarter} has its token key; a second would mark buyers`, {
      field: 'quarter',
      remedy: 'Name a quarter that has none.',
    });
  }
  const kept = tokenKeys.filter((key) => key.quarter >= shiftQuarter(current, -1));
  return [...kept, { quarter, ...(await createTokenKey()) }].sort((a, b) => (a.quarter < b.quarter ? -1 : 1));
}
