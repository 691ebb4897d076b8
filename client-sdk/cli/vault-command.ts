/** What the commands of `blindmark owner` share: their options, the open vault and registry, and a mark in words. */
import type { Command } from 'commander';
import { formatCode } from '../../crypto/canonical.ts';
import type { RegistryFile } from '../../crypto/credential-files.ts';
import { equalBytes } from '../../crypto/bytes.ts';
import { badInput, BlindmarkError } from '../../crypto/errors.ts';
import type { Status } from '../../crypto/registration.ts';
import type { VerifiedRoster } from '../../crypto/roster.ts';
import { readRegistryFile } from '../node/index.ts';
import { openVaultFile, type OpenVault } from '../node/vault-file.ts';
import { Owner } from '../owner.ts';
import { chooseCode } from '../mark-code.ts';
import { knownRosters } from '../receipts.ts';
import type { MarkRecord, Vault } from '../vault.ts';
import { createCommand, signalOfInterrupt } from './command.ts';
import { connect } from './connection.ts';
import { describeItem } from './items.ts';
import { createOutput, formatDate, type Output } from './output.ts';
import { readPassphrase } from './secrets.ts';

/** Options of every command that opens a vault. */
export interface VaultOptions {
  readonly vault: string;
  readonly passphraseFile?: string;
  readonly json?: boolean;
}

/** Options of every command about one mark. */
export interface MarkOptions extends VaultOptions {
  readonly registryFile?: string;
  readonly code: string;
  readonly scheme?: string;
}

const STATUS_WORDS: Readonly<Record<Status, string>> = {
  withKeeper: 'with its keeper',
  stolen: 'reported stolen',
  lost: 'reported lost',
  recovered: 'recovered',
};

/** A status in words. */
export function describeStatus(status: Status): string {
  return STATUS_WORDS[status];
}

/** A command that opens a vault. */
export function vaultCommand(name: string, description: string): Command {
  return createCommand(name, description)
    .requiredOption('--vault <file>', 'the vault, sealed under a passphrase (BLINDMARK_PASSPHRASE or a prompt)')
    .option('--passphrase-file <file>', 'read the passphrase from the first line of this file')
    .option('--json', 'print JSON, one object a line');
}

/** A command about one mark, at its registry. */
export function markCommand(name: string, description: string): Command {
  return vaultCommand(name, description)
    .requiredOption('--code <code>', 'the code as it stands on the mark')
    .option('--scheme <scheme>', 'the code’s scheme, where it fits several')
    .option('--registry-file <file>', 'the registry’s address and fingerprint; default: as the vault knows it');
}

/** Options of a command about one mark that may be given its code as an argument. */
export type CodeOptions = Omit<MarkOptions, 'code'> & { readonly code?: string };

/** A command about one mark, whose code is its argument, or `--code` as elsewhere. */
export function codeCommand(name: string, description: string): Command {
  return vaultCommand(name, description)
    .argument('[code]', 'the code as it stands on the mark')
    .option('--code <code>', 'the same as an option')
    .option('--scheme <scheme>', 'the code’s scheme, where it fits several')
    .option('--registry-file <file>', 'the registry’s address and fingerprint; default: as the vault knows it');
}

/** The code that such a command was given. @throws BlindmarkError `badInput` */
export function codeOf(argument: string | undefined, { code }: CodeOptions): string {
  const given = argument ?? code;
  if (given !== undefined && (argument === undefined || code === undefined)) return given;
  throw badInput('code', 'one code');
}

/** A mark as a line of JSON has it. */
export function recordOf(mark: MarkRecord): Record<string, unknown> {
  const { scheme, canonical, stage, status, items, row } = mark;
  return { scheme, code: canonical, stage, status, items, registeredOn: row?.registeredOn };
}

/** A mark in words. */
export function wordsOf(mark: MarkRecord, owner: Owner): string {
  const code = formatCode(owner.registry.roster.roster.schemes, mark.scheme, mark.canonical);
  const items = mark.items.map((item) => `  ${describeItem(item)}`).join('\n');
  const since = mark.row === undefined ? '' : `, registered on ${formatDate(mark.row.registeredOn)}`;
  const state = mark.stage === 'registered' ? `${STATUS_WORDS[mark.status]}${since}` : mark.stage;
  return `${code} (${mark.scheme}): ${state}\n${items}`;
}

/** Opens the vault that the options name. */
export async function openVault(options: VaultOptions): Promise<OpenVault> {
  return openVaultFile(options.vault, await readPassphrase(`Passphrase of ${options.vault}:`, options.passphraseFile));
}

/** The registry that a vault knows, where that is one alone. @throws BlindmarkError `badInput` */
export function knownRegistry({ vault }: OpenVault): RegistryFile {
  const [only, ...others] = vault.registries.values();
  if (only !== undefined && others.length === 0) return only;
  const message = only === undefined ? 'The vault knows no registry yet' : 'The vault knows several registries';
  throw new BlindmarkError('badInput', message, { field: 'registry-file', remedy: 'Name it with --registry-file.' });
}

/**
 * Opens the vault, finds a mark in it, does the work, and closes the vault whatever happens. Asks no registry.
 *
 * @throws BlindmarkError `notFound` where the vault has no mark of the code
 */
export async function withKeptMark(
  code: string,
  options: CodeOptions,
  work: (vault: Vault, mark: MarkRecord, output: Output) => Promise<void>,
): Promise<void> {
  const opened = await openVault(options);
  try {
    const { registryFile, scheme } = options;
    const { rosterFingerprint } = registryFile === undefined ? knownRegistry(opened) : readRegistryFile(registryFile);
    await work(
      opened.vault,
      findKeptMark(opened.vault, rosterFingerprint, code, scheme),
      createOutput(options.json === true),
    );
  } finally {
    opened.close();
  }
}

function findKeptMark(vault: Vault, fingerprint: Uint8Array, code: string, scheme: string | undefined): MarkRecord {
  const known = [...vault.registries].find(([, file]) => equalBytes(file.rosterFingerprint, fingerprint));
  if (known !== undefined) {
    const [origin] = known;
    const { roster } = knownRosters(vault, origin).at(-1) as VerifiedRoster;
    const chosen = chooseCode(roster.schemes, code, scheme);
    const mark = vault.marksOf(origin, chosen.scheme, chosen.canonical).at(-1);
    if (mark !== undefined) return mark;
  }
  throw new BlindmarkError('notFound', 'This vault has no mark of this code', {
    field: 'code',
    remedy: 'Compare code and scheme with your sheet, or recover the mark by its code.',
  });
}

/** Opens vault and registry, does the work, and closes the vault whatever happens. */
export async function withOwner(
  options: VaultOptions & { readonly registryFile?: string | undefined },
  work: (owner: Owner, output: Output, signal: AbortSignal) => Promise<void>,
  open = async (): Promise<OpenVault> => openVault(options),
): Promise<void> {
  const output = createOutput(options.json === true);
  const signal = signalOfInterrupt();
  const opened = await open();
  try {
    const file = options.registryFile === undefined ? knownRegistry(opened) : readRegistryFile(options.registryFile);
    const registry = await connect(file, output, signal, true);
    await work(await Owner.open(registry, opened.vault, file), output, signal);
  } finally {
    output.endProgress();
    opened.close();
  }
}
