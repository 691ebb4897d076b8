/** Secrets come from a file, the environment or a prompt: arguments can be seen by every program on the machine. */
import password from '@inquirer/password';
import type { z } from 'zod';
import { parseJsonBytes, parseUtf8, utf8ToBytes } from '../../crypto/bytes.ts';
import { formatCredentialFile, parseCredentialFile } from '../../crypto/credential-files.ts';
import { BlindmarkError } from '../../crypto/errors.ts';
import { checkNewPassphrase, openFile, sealedFileSchema, sealFile } from '../../crypto/passphrase.ts';
import { argon2idNode } from '../node/argon2id.ts';
import { readBytes, writeFile } from '../node/files.ts';

/** Asks on standard error: standard output is for results. */
async function ask(message: string): Promise<string> {
  return password({ message, mask: true }, { output: process.stderr });
}

/** One secret, and the ways in which it may be given. */
export interface SecretSource {
  /** What to call it: `passphrase`. */
  readonly name: string;
  /** Environment variable. */
  readonly variable: string;
  /** Path of a file whose first line it is. */
  readonly file?: string | undefined;
  readonly prompt: string;
}

/**
 * Reads a secret.
 *
 * @throws BlindmarkError `badInput` when it is given in none of these ways and there is nobody to ask
 */
export async function readSecret(source: SecretSource): Promise<string> {
  if (source.file !== undefined) return parseUtf8('file', readBytes(source.file)).split(/\r?\n/u, 1)[0] as string;
  const fromEnvironment = process.env[source.variable];
  if (fromEnvironment !== undefined) return fromEnvironment;
  if (process.stdin.isTTY) return ask(source.prompt);
  throw new BlindmarkError('badInput', `The ${source.name} is needed, and there is nobody to ask`, {
    field: source.name,
    remedy: `Set ${source.variable}, or run this in a terminal.`,
  });
}

const PASSPHRASE = { name: 'passphrase', variable: 'BLINDMARK_PASSPHRASE' };

/** The passphrase of a file that exists. */
export async function readPassphrase(prompt: string, file?: string): Promise<string> {
  return readSecret({ ...PASSPHRASE, file, prompt });
}

/** A passphrase for a new file: typed twice where it is typed. @throws BlindmarkError `badPassphrase` */
export async function readNewPassphrase(prompt: string, file?: string): Promise<string> {
  const passphrase = await readPassphrase(prompt, file);
  checkNewPassphrase(passphrase);
  const isTyped = file === undefined && process.env[PASSPHRASE.variable] === undefined;
  if (isTyped && (await ask('The same again:')) !== passphrase) {
    throw new BlindmarkError('badPassphrase', 'The two passphrases are not the same', { remedy: 'Start again.' });
  }
  return passphrase;
}

function isSealed(bytes: Uint8Array): boolean {
  try {
    return sealedFileSchema.safeParse(parseJsonBytes('file', bytes)).success;
  } catch {
    return false;
  }
}

/** Reads a credential file; asks for the passphrase of one that is sealed. */
export async function readCredential<T extends z.ZodType>(
  path: string,
  schema: T,
  purpose: string,
): Promise<z.output<T>> {
  const bytes = readBytes(path);
  if (!isSealed(bytes)) return parseCredentialFile(schema, path, bytes);
  const passphrase = await readPassphrase(`Passphrase of ${path}:`);
  return parseCredentialFile(schema, path, await openFile(passphrase, purpose, parseUtf8('file', bytes), argon2idNode));
}

/** Writes a credential file, readable by its owner alone; sealed under a passphrase unless `plain`. */
export async function writeCredential<T extends z.ZodType>(
  path: string,
  schema: T,
  value: z.output<T>,
  seal: { readonly purpose: string; readonly plain: boolean },
): Promise<void> {
  const text = formatCredentialFile(schema, value);
  if (seal.plain) {
    writeFile(path, text);
    return;
  }
  const passphrase = await readNewPassphrase(`Passphrase to seal ${path} under:`);
  writeFile(path, await sealFile(passphrase, seal.purpose, utf8ToBytes(text), { argon2id: argon2idNode }));
}
